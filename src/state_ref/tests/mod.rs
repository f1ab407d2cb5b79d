mod failures;
mod labels;
#[cfg(feature = "tokio")]
mod timeouts;

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
    header::{CACHE_CONTROL, VARY},
};
use http_body::Body;
use http_body_util::Empty;
use tower_layer::Layer;
use tower_service::Service;

use super::{StateSource, *};
use crate::test_support::{Act, ScriptedBody, content, read, run};

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

/// Issue 11, B.4: a write is performed, and the source is not called.
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
