//! Issue 11, A.8: real clients send a refused write and the next one on the same connection. None
//! sees an error.
//!
//! `REFUSED_EXCHANGES=2000` makes this a campaign.

use std::{env::var, path::Path, time::Duration};

use tokio::process::Command;

use crate::{
    example::Folder,
    real_clients::{finish, finish_within, is_missing, text},
    support::Server,
};

const SIZES: [usize; 7] = [20, 1_000, 10_000, 40_000, 60_000, 100_000, 1_000_000];
/// The sizes of contents. The service takes 64 KiB. Larger content is refused too, and then sent
/// with a valid size.
const LARGEST: usize = 60_000;

/// Returns the number of exchanges for each size and each way to send.
fn exchanges() -> u32 {
    var("REFUSED_EXCHANGES").map_or(15, |number| number.parse().unwrap())
}

/// `requests` and `http.client` send head and content in one packet, in two, and in chunks.
#[tokio::test]
async fn python_gets_every_answer() {
    if is_missing(
        "/usr/lib/python3/dist-packages/requests/__init__.py",
        "python3-requests",
    ) {
        return;
    }
    send_all("/usr/bin/python3", "refused.py").await;
}

/// `fetch` sends them together, and `http` sends head and content separately.
#[tokio::test]
async fn node_gets_every_answer() {
    if is_missing("node", "nodejs") {
        return;
    }
    send_all("node", "refused.mjs").await;
}

async fn send_all(interpreter: &str, script: &str) {
    let notes = Server::notes(&[]).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/examples")
        .join(script);
    let mut program = Command::new(interpreter);
    program
        .arg(script)
        .arg(format!("http://{}/notes/1", notes.address))
        .arg(exchanges().to_string())
        .env_remove("http_proxy");
    let limit = Duration::from_secs(60) + exchanges() * Duration::from_secs(2);
    let output = finish_within(limit, &mut program).await;
    eprintln!("{}", text(&output.stderr));
}

/// curl expects a 100 for long content, and none for short content.
#[tokio::test]
async fn curl_gets_every_answer_over_http1() {
    if is_missing("curl", "curl") {
        return;
    }
    let notes = Server::notes(&[]).await;
    let folder = Folder::new("refused-over-http1");
    for size in SIZES {
        let refused = upload(&folder, size);
        let next = upload(&folder, size.min(LARGEST));
        for expect in ["", "Expect:"] {
            for number in 0..exchanges() {
                let mut curl = curl("--http1.1", &notes, &refused, "\"0\"");
                curl.args(["--header", expect, "--next"]);
                put(&mut curl, "--http1.1", &notes, &next, "*");
                let output = finish(&mut curl).await;
                let case = format!("{size} {expect} {number}");
                assert_eq!(text(&output.stdout), "412 200 ", "{case}");
            }
        }
    }
}

/// HTTP/2 has its own test: with some versions of curl, even two `GET`s do not share a connection in
/// cleartext.
#[tokio::test]
async fn curl_gets_every_answer_over_http2() {
    if is_missing("curl", "curl") {
        return;
    }
    let notes = Server::notes(&[]).await;
    let folder = Folder::new("refused-over-http2");
    let http2 = "--http2-prior-knowledge";
    for size in SIZES {
        let refused = upload(&folder, size);
        for number in 0..exchanges() {
            let output = finish(&mut curl(http2, &notes, &refused, "\"0\"")).await;
            assert_eq!(text(&output.stdout), "412 ", "{size} {number}");
        }
    }
}

/// Returns the argument of curl for a file with a note of so many bytes.
fn upload(folder: &Folder, size: usize) -> String {
    let note = format!(r#"{{"title":"{}"}}"#, "x".repeat(size - 12));
    let path = folder.file(&size.to_string(), &note);
    format!("@{}", path.to_str().unwrap())
}

fn curl(version: &str, notes: &Server, upload: &str, condition: &str) -> Command {
    let mut curl = Command::new("curl");
    put(&mut curl, version, notes, upload, condition);
    curl
}

/// Adds the arguments of one request, which prints the status.
fn put(curl: &mut Command, version: &str, notes: &Server, upload: &str, condition: &str) {
    curl.args([version, "--silent", "--show-error", "--max-time", "60"])
        .args(["--noproxy", "*", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code} ", "--request", "PUT"])
        .args(["--header", "Content-Type: application/json"])
        .args(["--header", &format!("If-Match: {condition}")])
        .args(["--data-binary", upload])
        .arg(format!("http://{}/notes/1", notes.address));
}
