//! Chromium behind chromedriver, which translates WebDriver BiDi.

use std::process::Command;

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{
    process::BrowserProcess,
    program::{BrowserKind, chromedriver, is_root},
};

/// The browser reaches nothing but the servers of the test.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    // The browser ends when chromedriver does, since the pipe is then closed.
    "--remote-debugging-pipe",
];

/// Starts the browser, and returns the URL of its session.
pub(super) async fn start() -> (BrowserProcess, String) {
    let mut driver = BrowserProcess::start(|_| {
        let mut command = Command::new(chromedriver().expect("an installed program"));
        command.arg("--port=0");
        command
    });
    let port = driver.rest_of_line("successfully on port ").await;
    let port = port.trim_end_matches('.').parse().expect("a port");
    // Chromium has no sandbox for root.
    let sandbox = is_root().then_some("--no-sandbox");
    let arguments: Vec<_> = ARGUMENTS.into_iter().chain(sandbox).collect();
    let capabilities = json!({ "capabilities": { "alwaysMatch": {
        "webSocketUrl": true,
        "unhandledPromptBehavior": "accept",
        "goog:chromeOptions": {
            "binary": BrowserKind::Chromium.browser(),
            "args": arguments,
        },
    } } });
    let created = create_session(port, &capabilities).await;
    let url = created["value"]["capabilities"]["webSocketUrl"].as_str();
    let url = url.unwrap_or_else(|| panic!("no session: {created}\n{}", driver.log().text()));
    (driver, url.to_owned())
}

async fn create_session(port: u16, capabilities: &Value) -> Value {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("/session")
        .header(header::HOST, format!("127.0.0.1:{port}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::<Bytes>::from(capabilities.to_string()))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}
