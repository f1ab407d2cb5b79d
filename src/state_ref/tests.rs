use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER, VARY},
};
use http_body::Body;
use http_body_util::Empty;
use tower_layer::Layer;
use tower_service::Service;

use super::{StateSource, *};
use crate::{
    source::{OnSourceError, SourceError},
    test_support::{Act, ScriptedBody, Silent, content, read, run, send},
};

const FIELD: HeaderName = HeaderName::from_static("x-notes-ref");

#[derive(Clone, Default)]
struct Query {
    runs: Arc<AtomicUsize>,
    status: Option<StatusCode>,
    own: Option<HeaderValue>,
}

impl Service<Request<Empty<Bytes>>> for Query {
    type Response = Response<ScriptedBody>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new(ScriptedBody::sized([Act::data("result")]));
        *response.status_mut() = self.status.unwrap_or_default();
        if let Some(own) = &self.own {
            response.headers_mut().insert(FIELD, own.clone());
        }
        std::future::ready(Ok(response))
    }
}

fn latest(id: &'static str) -> impl StateSource {
    move |_: &http::request::Parts| async move {
        Ok::<_, Infallible>(Some(HeaderValue::from_static(id)))
    }
}

type Answer = Response<crate::body::ResponseBody<ScriptedBody>>;

fn ask<Q: StateSource>(
    layer: &StateRefLayer<Q>,
    query: &Query,
    method: Method,
    seen: &[&'static str],
) -> Answer {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    for value in seen {
        request
            .headers_mut()
            .append(FIELD, HeaderValue::from_static(value));
    }
    run(layer.layer(query.clone()).call(request)).unwrap()
}

#[test]
fn the_same_state_is_304_before_the_query_runs() {
    let layer = StateRefLayer::new(FIELD, latest("17"));
    let query_method = Method::from_bytes(b"QUERY").unwrap();
    for method in [Method::GET, Method::HEAD, query_method, Method::POST] {
        let query = Query::default();
        let response = ask(&layer, &query, method.clone(), &["17"]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers()[FIELD], "17");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let varies = response.headers().contains_key(VARY);
        assert_eq!(varies, method != Method::POST);
        assert_eq!(response.body().size_hint().exact(), Some(0));
        assert_eq!(query.runs.load(Ordering::SeqCst), 0);
    }
}

/// Issue 11, B.4: a write is performed, and the source is not called.
/// A cache takes a 304 for the answer to the tag that it has stored.
#[test]
fn conditions_of_a_cache_get_no_304_for_a_state() {
    let layer = StateRefLayer::new(FIELD, latest("17"));
    for (method, field, runs) in [
        ("GET", "if-none-match", 1),
        ("HEAD", "if-none-match", 1),
        ("QUERY", "if-none-match", 1),
        ("GET", "if-modified-since", 1),
        ("GET", "accept", 0),
        // Caches do not validate with a POST.
        ("POST", "if-none-match", 0),
    ] {
        let query = Query::default();
        let request = Request::builder().method(method).uri("/");
        let request = request.header(FIELD, "17").header(field, "\"stored\"");
        let request = request.body(Empty::new()).unwrap();
        let response = run(layer.layer(query.clone()).call(request)).unwrap();
        assert_eq!(query.runs.load(Ordering::SeqCst), runs, "{method} {field}");
        assert_eq!(response.headers()[FIELD], "17");
    }
}

/// Each of these tells clients and caches something else, and 17 would be wrong for it.
#[test]
fn a_header_with_another_meaning_is_refused() {
    for name in [
        "connection",
        "content-length",
        "content-type",
        "set-cookie",
        "etag",
        "vary",
        "host",
        "if-none-match",
        "authorization",
        "idempotency-key",
        "cdn-cache-control",
    ] {
        let field = HeaderName::from_static(name);
        let set = std::panic::catch_unwind(|| StateRefLayer::new(field, latest("17")));
        let message = set.err().and_then(|panic| panic.downcast::<String>().ok());
        let message = message.expect("a refusal");
        let expected = format!("invalid header \"{name}\" of a state: it has another meaning");
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[test]
fn a_write_is_performed() {
    let layer = StateRefLayer::new(FIELD, |_: &http::request::Parts| async {
        unreachable!("nobody asked") as Result<Option<HeaderValue>, Infallible>
    });
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "MKCOL", "FOO", "post"] {
        let query = Query::default();
        let response = ask(&layer, &query, method.parse().unwrap(), &["17"]);
        assert_eq!(response.status(), StatusCode::OK, "{method}");
        assert_eq!(response.headers(), &HeaderMap::new(), "{method}");
        assert_eq!(query.runs.load(Ordering::SeqCst), 1, "{method}");
    }
}

#[test]
fn another_state_gets_the_answer_and_the_latest_identifier() {
    let layer = StateRefLayer::new(FIELD, latest("17"));
    for seen in ["none", "1", "17 ", "\"17\"", "017"] {
        let query = Query::default();
        let response = ask(&layer, &query, Method::POST, &[seen]);
        // Whitespace around a value is not part of it.
        if seen.trim() == "17" {
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
            continue;
        }
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[FIELD], "17");
        assert!(!response.headers().contains_key(VARY));
        assert_eq!(query.runs.load(Ordering::SeqCst), 1);
        assert_eq!(content(&read(response.into_body())), b"result");
    }
    let get = ask(&layer, &Query::default(), Method::GET, &["none"]);
    assert_eq!(get.headers()[VARY], "x-notes-ref");
}

/// The source is not called, and the response is not changed.
#[test]
fn a_request_without_the_header_passes() {
    let layer = StateRefLayer::new(FIELD, |_: &http::request::Parts| async {
        unreachable!("nobody asked") as Result<Option<HeaderValue>, Infallible>
    });
    for seen in [&[][..], &[""], &[" \t"], &["17", "18"]] {
        let query = Query::default();
        let response = ask(&layer, &query, Method::GET, seen);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers(), &HeaderMap::new());
        assert_eq!(query.runs.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn only_a_success_is_labelled_and_the_services_own_identifier_wins() {
    let layer = StateRefLayer::new(FIELD, latest("17"));
    for status in [301, 400, 404, 500] {
        let query = Query {
            status: Some(StatusCode::from_u16(status).unwrap()),
            ..Query::default()
        };
        let response = ask(&layer, &query, Method::POST, &["1"]);
        assert_eq!(response.status(), status);
        assert!(!response.headers().contains_key(FIELD));
    }
    let query = Query {
        own: Some(HeaderValue::from_static("18")),
        ..Query::default()
    };
    let response = ask(&layer, &query, Method::POST, &["1"]);
    assert_eq!(response.headers()[FIELD], "18");
}

#[test]
fn a_source_that_knows_no_state_labels_nothing() {
    let layer = StateRefLayer::new(FIELD, |_: &http::request::Parts| async {
        Ok::<_, Infallible>(None)
    });
    let response = ask(&layer, &Query::default(), Method::POST, &["1"]);
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key(FIELD));
}

/// An old identifier may be on new content, but a new one is never on old content.
#[test]
fn the_identifier_is_read_before_the_content() {
    let query = Query::default();
    let runs = Arc::clone(&query.runs);
    let layer = StateRefLayer::new(FIELD, move |_: &http::request::Parts| {
        let seen = runs.load(Ordering::SeqCst);
        async move { Ok::<_, Infallible>(Some(HeaderValue::from(seen))) }
    });
    let response = ask(&layer, &query, Method::POST, &["none"]);
    assert_eq!(response.headers()[FIELD], "0");
}

#[test]
fn a_failed_source_leaves_the_answer_without_a_label() {
    let failing = || {
        StateRefLayer::new(FIELD, |_: &http::request::Parts| async {
            Err::<Option<HeaderValue>, _>("the database is gone")
        })
    };
    let response = ask(&failing(), &Query::default(), Method::POST, &["1"]);
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key(FIELD));

    let query = Query::default();
    let refusing = failing().on_source_error(OnSourceError::Refuse);
    let response = ask(&refusing, &query, Method::POST, &["1"]);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(RETRY_AFTER));
    assert_eq!(query.runs.load(Ordering::SeqCst), 0);
    let error = response.extensions().get::<SourceError>().unwrap();
    assert!(!error.is_panic() && !error.is_timeout());
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_times_out() {
    let layer = StateRefLayer::new(FIELD, |_: &http::request::Parts| {
        std::future::pending::<Result<Option<HeaderValue>, Infallible>>()
    });
    let two_seconds = layer.clone().timeout(std::time::Duration::from_secs(2));
    for (layer, seconds) in [(two_seconds, 2), (layer, 10)] {
        let mut request = Request::new(Empty::new());
        request
            .headers_mut()
            .insert(FIELD, HeaderValue::from_static("1"));
        let started = tokio::time::Instant::now();
        let response = layer.layer(Query::default()).call(request).await.unwrap();
        assert_eq!(started.elapsed().as_secs(), seconds);
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!response.headers().contains_key(FIELD));
    }
}

/// Issue 11, A.8: a response has `Connection: close` if unread content ends the connection.
#[test]
fn unread_content_closes_the_connection() {
    let post = |seen: &str| {
        let post = Request::post("/").header(FIELD, seen);
        post.body(Silent::Announced).unwrap()
    };
    let hello = |_| Response::new(ScriptedBody::sized([]));
    let layer = StateRefLayer::new(FIELD, latest("17"));
    for (seen, status) in [("17", 304), ("16", 200)] {
        let answer = send(&layer, post(seen), hello);
        assert_eq!(answer.status(), status);
        let close = answer.headers().contains_key("connection");
        assert_eq!(close, status == 304);
    }
    let down = |_: &http::request::Parts| async { Err::<Option<HeaderValue>, _>("down") };
    let layer = StateRefLayer::new(FIELD, down).on_source_error(OnSourceError::Refuse);
    let answer = send(&layer, post("17"), hello);
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["connection"], "close");
}

/// An application writes the text of a refusal itself.
#[test]
fn the_text_of_a_503_can_be_changed() {
    let down = |_: &http::request::Parts| async { Err::<Option<HeaderValue>, _>("down") };
    let layer = StateRefLayer::new(FIELD, down).on_source_error(OnSourceError::Refuse);
    let layer = layer.refusals(|refusal: &crate::refusal::Refusal<'_>| {
        let text = Bytes::from(refusal.title());
        (HeaderValue::from_static("text/x-own"), text)
    });
    let answer = ask(&layer, &Query::default(), Method::GET, &["17"]);
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["content-type"], "text/x-own");
}
