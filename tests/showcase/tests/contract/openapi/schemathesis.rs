//! Schemathesis, which makes up requests from a document and compares the responses with it.

use std::{
    env::{current_exe, temp_dir, var, var_os},
    fs::{create_dir_all, read_to_string, remove_dir_all, write},
    io::{self, Write},
    path::PathBuf,
    process::{Output, Stdio, id},
    time::Duration,
};

use serde_json::Value;
use tokio::{process::Command, time::timeout};

/// The checks of each response. The others compare with rules that the service does not have, such
/// as that invalid content is always refused.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,missing_required_header,\
    unsupported_method,allow_header_conformance";

/// The time for all requests to a program without optimization, on a machine that compiles.
const LIMIT: Duration = Duration::from_secs(300);

/// The result of one run.
pub(super) struct Run {
    pub(super) passed: bool,
    pub(super) log: String,
    /// The method, the path and the status of each exchange.
    pub(super) exchanges: Vec<(String, String, u64)>,
}

/// Returns the program, which `scripts/test --install` puts into the target directory. If it is not
/// there, prints that in spite of the capture of the test.
///
/// `scripts/test` sets `SCHEMATHESIS_NOT_CHECKED` if it could not install the program. Otherwise
/// its absence is an error there.
pub(super) fn program() -> Option<PathBuf> {
    let tests = current_exe().unwrap();
    // Tests are in `target/debug/deps`, or deeper with `--target`.
    let mut targets = tests.ancestors().skip(1).take(5);
    let program = targets.find_map(|target| {
        Some(target.join("tools/schemathesis/bin/schemathesis")).filter(|file| file.is_file())
    });
    if program.is_none() {
        let message = "\nNOT TESTED: schemathesis is missing; scripts/test --install puts it into \
            target/tools\n";
        let must_run = var_os("CI").is_some() && var_os("SCHEMATHESIS_NOT_CHECKED").is_none();
        assert!(!must_run, "{message}");
        io::stderr().write_all(message.as_bytes()).unwrap();
    }
    program
}

/// Returns the number of requests for each operation, besides those for each edge of a schema, and
/// the seed. `SCHEMATHESIS_EXAMPLES` and `SCHEMATHESIS_SEED` change them.
fn budget() -> [String; 2] {
    let examples = var("SCHEMATHESIS_EXAMPLES").unwrap_or_else(|_| "5".to_owned());
    let seed = var("SCHEMATHESIS_SEED").unwrap_or_else(|_| "19".to_owned());
    [examples, seed]
}

/// Compares a service with a document.
pub(super) async fn run(program: PathBuf, address: &str, document: &Value, only: &[&str]) -> Run {
    let folder = temp_dir().join(format!(
        "schemathesis-{}-{}",
        id(),
        address.replace(':', "-")
    ));
    create_dir_all(&folder).unwrap();
    let (file, report) = (folder.join("openapi.json"), folder.join("exchanges.har"));
    write(&file, document.to_string()).unwrap();
    let [examples, seed] = budget();
    println!("seed {seed}, {examples} examples");
    let child = Command::new(program)
        .current_dir(&folder)
        .args(["--no-color", "run", "--phases", "coverage,fuzzing"])
        .args(["--checks", CHECKS, "--continue-on-failure", "--no-shrink"])
        .args([
            "--max-examples",
            &examples,
            "--seed",
            &seed,
            "--generation-database",
            "none",
        ])
        .args(["--url", &format!("http://{address}")])
        .env("NO_PROXY", "127.0.0.1")
        .arg("--report-har-path")
        .arg(&report)
        .args(only)
        .arg(file)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = timeout(LIMIT, child)
        .await
        .expect("an end in time")
        .unwrap();
    let mut log = String::from_utf8_lossy(&stdout).into_owned();
    log.push_str(&String::from_utf8_lossy(&stderr));
    let report = read_to_string(report).unwrap_or_else(|error| panic!("{error}\n{log}"));
    remove_dir_all(folder).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let entries = report["log"]["entries"]
        .as_array()
        .expect("exchanges")
        .iter();
    Run {
        passed: status.success(),
        log,
        exchanges: entries.map(exchange).collect(),
    }
}

fn exchange(entry: &Value) -> (String, String, u64) {
    let (request, response) = (&entry["request"], &entry["response"]);
    let url = request["url"].as_str().expect("a URL");
    let path = url.splitn(4, '/').nth(3).expect("a path");
    let path = path.split('?').next().expect("a path");
    let method = request["method"].as_str().expect("a method");
    let status = response["status"].as_u64().expect("a status");
    (method.to_owned(), format!("/{path}"), status)
}
