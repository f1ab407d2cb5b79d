//! P-OB-secrets: logs and labels hold no path, query, tag, key, user or header of a request, nor of a response.

mod caches;
mod decisions;
mod keys;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use axum::body::Body;
use futures_util::FutureExt;
use http::{Request, Response, request::Parts};
use http_body_util::BodyExt;
use tower::{BoxError, ServiceExt};
use tower_conditional::{
    ObserveLayer,
    observe::{Exchange, Tracing},
};
use tracing::{Instrument, field::Empty, info_span};

use crate::recorded::RecordedEvents;

/// The word that each value of a request has.
const SECRET: &str = "secret";
const PATH: &str = "/secret-path/secret-id?token=secret-query";

type Key<'k> = Option<&'k str>;

/// The texts that a service writes. A recorder of metrics adds its labels.
#[derive(Clone, Default)]
struct Texts {
    events: RecordedEvents,
    labels: Arc<Mutex<Vec<String>>>,
}

impl Texts {
    /// Returns a layer that logs each exchange, and keeps the labels that it has.
    fn observe(&self) -> ObserveLayer {
        let labels = Arc::clone(&self.labels);
        let keep = move |exchange: &Exchange<'_>| {
            let label = exchange.method_label();
            labels
                .lock()
                .unwrap()
                .push(format!("{label} {exchange:?} {:?}", exchange.outcome()));
        };
        ObserveLayer::new((Tracing::new(), keep)).route(|_| Some("/{user}/{id}"))
    }

    /// Takes all texts, each of which must be without secrets.
    #[track_caller]
    fn take(&self) -> Vec<String> {
        let mut texts = self.events.take();
        texts.append(&mut self.labels.lock().unwrap());
        for text in &texts {
            assert!(!text.to_lowercase().contains(SECRET), "{text}");
        }
        texts
    }

    /// Takes the texts, among which must be each of these.
    #[track_caller]
    fn assert_told(&self, parts: &[&str]) {
        let texts = self.take();
        for part in parts {
            let is_told = texts.iter().any(|text| text.contains(part));
            assert!(is_told, "{part:?} is missing in {texts:#?}");
        }
    }
}

fn request(method: &str, key: Key<'_>, tag: &str) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(PATH)
        .header("authorization", "Bearer secret-token")
        .header("cookie", "sid=secret-session")
        .header("x-api-key", "secret-api-key")
        .header(
            if method == "GET" {
                "if-none-match"
            } else {
                "if-match"
            },
            tag,
        );
    if let Some(key) = key {
        request = request.header("idempotency-key", format!("\"{key}\""));
    }
    let content = if method == "GET" {
        ""
    } else {
        "secret-content"
    };
    request.body(Body::from(content)).unwrap()
}

/// Sends a request in a span with the fields of `Tracing`, and reads the response. `None` is a
/// panic.
async fn send<S, B>(service: &S, request: Request<Body>) -> Option<u16>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error: std::fmt::Debug> + Clone,
    B: http_body::Body<Error: Into<BoxError>>,
{
    let span = info_span!(
        "request",
        conditional.outcome = Empty,
        conditional.handler_ran = Empty
    );
    let answer = service.clone().oneshot(request).instrument(span);
    let response = AssertUnwindSafe(answer).catch_unwind().await.ok()?.unwrap();
    let status = response.status().as_u16();
    let _ = response.into_body().collect().await;
    Some(status)
}

/// A response with secrets in its tag, its headers and its content.
fn answer<B>(_: &Request<B>) -> Response<Body> {
    Response::builder()
        .header("etag", "\"secret-tag\"")
        .header("x-user", "secret-user")
        .body(Body::from("secret-content"))
        .unwrap()
}

fn user(_: &Parts) -> Option<&'static str> {
    Some("secret-user")
}
