//! The identifier of a state in responses.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::{FIELD, Query, ask, latest};
use crate::state_ref::StateRefLayer;

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
