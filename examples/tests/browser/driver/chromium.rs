//! Chromium behind chromedriver, which translates WebDriver BiDi.

use std::process::Command;

use hyper::{Request, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{
    process::BrowserProcess,
    program::{BrowserKind, chromedriver, is_root},
};
use crate::client::send;

/// The browser reaches nothing but the servers of the test.
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    // Hidden tabs would wait for all other processes.
    "--disable-renderer-backgrounding",
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
    let port = port.trim_end_matches('.');
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

async fn create_session(port: &str, capabilities: &Value) -> Value {
    let request = Request::post("/session")
        .header(CONTENT_TYPE, "application/json")
        .body(capabilities.to_string())
        .unwrap();
    let response = send(&format!("127.0.0.1:{port}"), request).await;
    serde_json::from_slice(response.body()).unwrap()
}
