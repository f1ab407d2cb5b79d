//! Sources that fail, and the refusals after that.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header::RETRY_AFTER};

use super::{FIELD, Query, ask, latest};
use crate::{
    source::{OnSourceError, SourceError},
    state_ref::StateRefLayer,
    test_support::{ScriptedBody, Silent, send},
};

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
