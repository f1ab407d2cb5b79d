//! Tests with real clients. In cleartext, these two ask for HTTP/2 with every request:
//! `Connection: Upgrade, HTTP2-Settings` and `Upgrade: h2c`.

use std::{
    env::{split_paths, var_os},
    io::{self, Write},
    path::Path,
    process::Output,
    time::Duration,
};

use tokio::{process::Command, time};

use crate::support::Server;

/// Issue 10, A.1, R-9110-7.8-a: Java's client gets tags, 304 and 412.
#[tokio::test]
async fn java_reads_and_writes() {
    if is_missing("javac", "default-jdk-headless") {
        return;
    }
    let notes = Server::notes(&[]).await;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples/Client.java");
    let mut java = Command::new("java");
    java.arg("-Djdk.httpclient.HttpClient.log=headers")
        .arg(source)
        .arg(format!("http://{}/notes/1", notes.address));
    let output = finish(&mut java).await;
    assert_eq!(
        text(&output.stdout),
        "GET 200\nGET 304\nPUT 200\nPUT 412\nGET 304\n"
    );
    assert_asks_for_upgrade(&output);
}

/// Issue 10, A.1, R-9110-7.8-a: `curl --http2` gets tags, 304 and 412.
#[tokio::test]
async fn curl_reads_and_writes() {
    if is_missing("curl", "curl") {
        return;
    }
    let notes = Server::notes(&[]).await;
    let url = format!("http://{}/notes/1", notes.address);
    let tag = curl(&url, "", "GET", 200).await.expect("a tag");
    curl(&url, &format!("If-None-Match: {tag}"), "GET", 304).await;
    let current = format!("If-Match: {tag}");
    let next = curl(&url, &current, "PUT", 200).await.expect("a tag");
    curl(&url, &current, "PUT", 412).await;
    curl(&url, &format!("If-None-Match: {next}"), "GET", 304).await;
}

/// Sends a request with a header, checks the status and returns the tag.
async fn curl(url: &str, field: &str, method: &str, status: u16) -> Option<String> {
    let mut curl = Command::new("curl");
    curl.args(["--http2", "--verbose", "--silent", "--max-time", "60"])
        .args(["--dump-header", "-", "--output", "/dev/null"])
        .args(["--noproxy", "*", "--header", field, url]);
    if method == "PUT" {
        curl.args(["--request", "PUT", "--data", r#"{"title":"New"}"#])
            .args(["--header", "Content-Type: application/json"]);
    }
    let output = finish(&mut curl).await;
    assert_asks_for_upgrade(&output);
    let head = text(&output.stdout);
    let expected = format!("HTTP/1.1 {status} ");
    assert!(head.starts_with(&expected), "{method} {field}: {head}");
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: "));
    tag.map(str::to_owned)
}

pub(crate) async fn finish(program: &mut Command) -> Output {
    // A virtual machine that compiles is slow if many processes share a core.
    finish_within(Duration::from_secs(120), program).await
}

pub(crate) async fn finish_within(limit: Duration, program: &mut Command) -> Output {
    let output = program.kill_on_drop(true).output();
    let output = time::timeout(limit, output).await;
    let output = output.expect("an end in time").unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    output
}

/// Checks the log of a client for the headers that it sent.
fn assert_asks_for_upgrade(output: &Output) {
    let log = text(&output.stderr);
    assert!(log.contains("Upgrade: h2c"), "{log}");
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

/// Returns `true` if a program is not installed, and prints that in spite of the capture of the test.
/// `scripts/test` installs it and sets `CI`, so there it is an error.
pub(crate) fn is_missing(program: &str, package: &str) -> bool {
    let path = var_os("PATH").unwrap_or_default();
    // An absolute path is not searched in `PATH`.
    if split_paths(&path).any(|directory| directory.join(program).is_file()) {
        return false;
    }
    let message =
        format!("\nNOT TESTED: {program} is missing; on Debian: apt-get install {package}\n");
    assert!(var_os("CI").is_none(), "{message}");
    io::stderr().write_all(message.as_bytes()).unwrap();
    true
}
