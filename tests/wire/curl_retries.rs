//! The vectors of `tests/vectors/idempotency.json`: `curl --retry` through a proxy that loses some
//! requests and responses.

use std::{
    env, fs,
    net::SocketAddr,
    process::{self, Command},
};

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::{JoinSet, spawn_blocking},
};

use crate::support::{
    in_time, is_missing,
    orders::{ORDERS, Orders, layer},
};

const CONTENT: &str = "two apples";

#[derive(Deserialize)]
struct Vector {
    name: String,
    /// Further arguments of curl.
    arguments: Vec<String>,
    key: Option<String>,
    /// The part that the proxy loses on each of the first connections.
    loses: Vec<Loss>,
    runs: usize,
    /// The last response is a replay.
    replayed: bool,
}

#[derive(Clone, Copy, Deserialize)]
enum Loss {
    #[serde(rename = "request")]
    Request,
    #[serde(rename = "answer")]
    Answer,
    #[serde(rename = "end of the first line")]
    EndOfFirstLine,
    #[serde(rename = "end of the content")]
    EndOfContent,
}

/// R-IK07-2.6-b, R-IK07-2.6-d, R-IK07-2.4-a, R-IK07-2.1-a, R-9110-7.8-a, P-ID-disconnect: whatever
/// is lost, curl ends with the answer of the one run.
#[tokio::test]
async fn curl_gets_the_answer_of_one_run() {
    if is_missing("curl") {
        return;
    }
    let rows = include_str!("../vectors/idempotency.json");
    let rows: Vec<Vector> = serde_json::from_str(rows).unwrap();
    // Together, since curl waits a second before its first retry.
    rows.into_iter()
        .map(check)
        .collect::<JoinSet<_>>()
        .join_all()
        .await;
}

async fn check(row: Vector) {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    let proxy = start_proxy(server.address(), row.loses).await;
    let file = format!("curl-retries-{}-{}", process::id(), proxy.port());
    let file = env::temp_dir().join(file);
    let mut curl = Command::new("curl");
    curl.args([
        "--retry",
        "5",
        "--retry-all-errors",
        "--silent",
        "--show-error",
    ])
    .args(["--max-time", "20", "--noproxy", "*", "--dump-header", "-"])
    .args(["--data", CONTENT, "--output"])
    .arg(&file)
    .args(row.arguments)
    .arg(format!("http://{proxy}{ORDERS}"));
    if let Some(key) = row.key {
        curl.args(["--header", &format!("Idempotency-Key: {key}")]);
    }
    let output = in_time(spawn_blocking(move || curl.output()))
        .await
        .unwrap()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {log}", row.name);

    // The heads of earlier responses stand before the last one, cut or whole.
    let heads = String::from_utf8_lossy(&output.stdout).to_ascii_lowercase();
    let (_, last) = heads.rsplit_once("http/1.").unwrap();
    assert_eq!(&last[2..5], "201", "{}: {heads}", row.name);
    let is_replayed = last.contains("\nidempotent-replayed: true\r");
    assert_eq!(is_replayed, row.replayed, "{}: {heads}", row.name);
    assert_eq!(fs::read_to_string(&file).unwrap(), CONTENT, "{}", row.name);
    assert_eq!(orders.runs(), row.runs, "{}", row.name);
    fs::remove_file(file).unwrap();
}

/// Starts a proxy that loses a part of each of the first exchanges. It ends with the runtime.
async fn start_proxy(server: SocketAddr, loses: Vec<Loss>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut loses = loses.into_iter();
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(forward(client, server, loses.next()));
        }
    });
    address
}

async fn forward(mut client: TcpStream, server: SocketAddr, loses: Option<Loss>) {
    if matches!(loses, Some(Loss::Request)) {
        return;
    }
    let mut server = TcpStream::connect(server).await.unwrap();
    let Some(loses) = loses else {
        // A client that has its answer may close the connection in its own way.
        let _ = copy_bidirectional(&mut client, &mut server).await;
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let request = tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
    // The handler has run, and the server has sent the whole response.
    let mut answer = Vec::new();
    while !answer.ends_with(CONTENT.as_bytes()) {
        assert_ne!(from_server.read_buf(&mut answer).await.unwrap(), 0);
    }
    let arrives = match loses {
        Loss::Request | Loss::Answer => 0,
        Loss::EndOfFirstLine => 5,
        Loss::EndOfContent => answer.len() - CONTENT.len() / 2,
    };
    to_client.write_all(&answer[..arrives]).await.unwrap();
    request.abort();
}
