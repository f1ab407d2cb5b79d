//! The notes example as a process, and its state.

use http_body_util::BodyExt;
use hyper::{
    Request, StatusCode,
    header::{self, HeaderName},
};
use serde_json::{Value, json};
use tower_conditional_testing::{Protocol, Replica, TcpProxy};

use crate::{
    client::{open, send},
    driver::in_time,
};

/// A running service with 100 notes in memory.
#[derive(Debug)]
pub(crate) struct NotesService(Replica);

impl NotesService {
    pub(crate) fn start() -> Self {
        let mut command = Replica::example("notes");
        Self(Replica::start(command.args(["--listen", "127.0.0.1:0"])))
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.0.address()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address())
    }

    /// Starts a proxy that breaks connections to the service.
    pub(crate) fn proxy(&self) -> TcpProxy {
        TcpProxy::start(Protocol::Bytes, self.address().port())
    }

    /// Returns the content of `GET`.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let content = self.text(path).await;
        serde_json::from_str(&content).unwrap_or_else(|error| panic!("{error}: {content}"))
    }

    async fn text(&self, path: &str) -> String {
        let request = Request::get(path).body(String::new()).unwrap();
        let response = send(&self.address().to_string(), request).await;
        assert_eq!(response.status(), 200, "{path}");
        String::from_utf8(response.into_body().to_vec()).unwrap()
    }

    /// Waits until a note has this text, whose writer gets no response.
    pub(crate) async fn wait_for_text(&self, id: u32, text: &Value) {
        let request = Request::get("/events").body(String::new()).unwrap();
        let mut events = open(&self.address().to_string(), request).await.into_body();
        let written = async {
            // A change before the feed was opened is in no event, so the note is read first.
            while self.get(&format!("/notes/{id}")).await["text"] != *text {
                events
                    .frame()
                    .await
                    .expect("a feed without an end")
                    .unwrap();
            }
        };
        in_time("the text of a note", written).await;
    }

    /// Writes a note as another client does, whatever its version is.
    pub(crate) async fn write(&self, id: u32, title: &str, text: &str) {
        let status = self.put(id, title, text, header::IF_MATCH).await;
        assert_eq!(status, StatusCode::OK);
    }

    /// Creates a note as another client does.
    pub(crate) async fn create(&self, id: u32, title: &str, text: &str) {
        let status = self.put(id, title, text, header::IF_NONE_MATCH).await;
        assert_eq!(status, StatusCode::CREATED);
    }

    async fn put(&self, id: u32, title: &str, text: &str, condition: HeaderName) -> StatusCode {
        let content = json!({ "title": title, "text": text });
        let request = Request::put(format!("/notes/{id}"))
            .header(condition, "*")
            .header(header::CONTENT_TYPE, "application/json")
            .body(content.to_string())
            .unwrap();
        send(&self.address().to_string(), request).await.status()
    }

    /// Deletes a note as another client does.
    pub(crate) async fn delete(&self, id: u32) {
        let request = Request::delete(format!("/notes/{id}")).header(header::IF_MATCH, "*");
        let request = request.body(String::new()).unwrap();
        let response = send(&self.address().to_string(), request).await;
        assert_eq!(response.status(), 204);
    }

    /// Returns the sum of a counter over all series with this label, such as `result="replayed"`. The
    /// empty label is that of all series.
    pub(crate) async fn counter(&self, name: &str, label: &str) -> f64 {
        let metrics = self.text("/metrics").await;
        let is_named = |line: &&str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
        };
        let series = metrics
            .lines()
            .filter(is_named)
            .filter(|line| line.contains(label));
        let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
        series.map(|line| value(line).expect("a number")).sum()
    }

    /// Returns the number of writes that were refused with 412.
    pub(crate) async fn refused(&self) -> f64 {
        let label = "outcome=\"precondition_failed\"";
        self.counter("http_conditional_requests_total", label).await
    }
}
