//! The page, and the server of its origin.

use axum::{
    Json, Router,
    extract::State,
    response::Html,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

const PAGE: &str = include_str!("page.html");

/// A response as the script sees it. A header that it may not read is `None`.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Seen {
    pub(crate) status: Option<u16>,
    pub(crate) etag: Option<String>,
    pub(crate) replayed: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) applied: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
    /// The name of the error in place of a response.
    pub(crate) error: Option<String>,
}

/// All responses that the script has seen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) read: Seen,
    pub(crate) write: Seen,
    pub(crate) late: Seen,
    pub(crate) minimal: Seen,
    pub(crate) bare: Seen,
    pub(crate) unchanged: Seen,
    pub(crate) order: Seen,
    pub(crate) retry: Seen,
    pub(crate) early: Seen,
    pub(crate) held: Seen,
}

/// Starts the server of the page. Returns its origin, and the reports of the page.
pub(crate) async fn serve() -> (String, UnboundedReceiver<Value>) {
    let (sender, reports) = unbounded_channel();
    let report = async |State(sender): State<UnboundedSender<Value>>, Json(report): Json<Value>| {
        sender.send(report).expect("the test waits");
    };
    let router = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/result", post(report))
        .with_state(sender);
    (start(router).await, reports)
}

/// Starts a server on a free port, and returns its origin.
pub(crate) async fn start(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    origin
}
