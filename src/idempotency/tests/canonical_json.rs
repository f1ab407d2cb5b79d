//! JSON requests that are compared by their canonical form.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, header::CONTENT_ENCODING};
use http_body_util::Full;

use super::{Runs, Store, layer, order, post_as, problem, send, service};
use crate::idempotency::IdempotencyLayer;

const ONE_ORDER: &str = r#"{"item":"x","amount":1}"#;
const OTHER_ORDER: &str = r#"{ "amount": 1.0, "item": "\u0078" }"#;

fn by_form() -> IdempotencyLayer<Store> {
    layer().canonical_json()
}

fn sent(content: &'static str) -> Request<Full<Bytes>> {
    post_as("alice", "\"a\"", content)
}

fn typed(content_type: &'static str, content: &'static str) -> Request<Full<Bytes>> {
    let mut request = sent(content);
    let value = HeaderValue::from_static(content_type);
    request.headers_mut().insert("content-type", value);
    request
}

fn gzipped(content: &'static str) -> Request<Full<Bytes>> {
    let mut request = sent(content);
    let gzip = HeaderValue::from_static("gzip");
    request.headers_mut().insert(CONTENT_ENCODING, gzip);
    request
}

/// R-8785-3-a: the same object in another order is a retry.
#[tokio::test]
async fn another_order_is_a_retry() {
    let runs = Runs::default();
    let orders = service(&by_form(), &runs, order);
    let first = send(&orders, sent(ONE_ORDER)).await;
    let retry = send(&orders, sent(OTHER_ORDER)).await;
    assert!(retry.replayed);
    assert_eq!(retry.content, first.content);
    assert_eq!(runs.count(), 1);

    // Without the setting it is another request.
    let orders = service(&layer(), &Runs::default(), order);
    send(&orders, sent(ONE_ORDER)).await;
    let refused = send(&orders, sent(OTHER_ORDER)).await;
    assert_eq!((refused.status, problem(&refused)), (422, "reused"));
}

/// R-8785-3-a, R-IK07-2.7-b: whatever came first, other content with the key is refused. It is never
/// the replay of a request with another kind of content.
#[tokio::test]
async fn other_content_is_refused_among_all_kinds() {
    let requests: [fn() -> Request<Full<Bytes>>; 11] = [
        || sent(ONE_ORDER),
        || sent(r#"{"item":"x","amount":2}"#),
        || sent(r#"{"item":"x","amount":"1"}"#),
        // Without a form.
        || sent(r#"{"item":"x","item":"x","amount":1}"#),
        || sent(r#"{"item":"x","amount":9007199254740993}"#),
        || sent(r#"{"item":"x","amount":9007199254740992}"#),
        || sent(""),
        || typed("text/plain", ONE_ORDER),
        || typed("application/problem+json", ONE_ORDER),
        || typed("application/x-ndjson", ONE_ORDER),
        || gzipped(ONE_ORDER),
    ];
    for (at, first) in requests.iter().enumerate() {
        let runs = Runs::default();
        let orders = service(&by_form(), &runs, order);
        send(&orders, first()).await;
        for (other_at, other) in requests.iter().enumerate() {
            let answer = send(&orders, other()).await;
            if at == other_at {
                assert!(answer.replayed, "{at}");
            } else {
                let refused = (answer.status, problem(&answer));
                assert_eq!(refused, (422, "reused"), "{at} and {other_at}");
            }
        }
        assert_eq!(runs.count(), 1);
    }
}

/// The handler gets the bytes of the client.
#[tokio::test]
async fn the_content_stays_as_it_came() {
    let orders = service(&by_form(), &Runs::default(), order);
    let answer = send(&orders, sent(OTHER_ORDER)).await;
    assert!(answer.content.contains(OTHER_ORDER), "{answer:?}");
}

/// A record from before the setting is answered, as after an upgrade. Nothing runs twice.
#[tokio::test]
async fn records_from_before_are_answered() {
    for is_set_first in [true, false] {
        let store = Store::default();
        let with = |is_set: bool| {
            let layer = IdempotencyLayer::for_anyone(Arc::clone(&store));
            if is_set {
                layer.canonical_json()
            } else {
                layer
            }
        };
        let runs = Runs::default();
        let before = service(&with(is_set_first), &runs, order);
        send(&before, sent(ONE_ORDER)).await;
        let after = service(&with(!is_set_first), &runs, order);
        assert!(send(&after, sent(ONE_ORDER)).await.replayed);
        assert_eq!(runs.count(), 1);
    }
}

/// Long content takes another thread, and has the same fingerprint in any order.
#[tokio::test]
async fn long_content_is_compared_too() {
    fn long(first: char, last: char) -> Request<Full<Bytes>> {
        let numbers = "1,".repeat(30_000);
        let content = format!("{{\"{first}\":[{numbers}1],\"{last}\":[{numbers}1]}}");
        let mut request = sent("");
        *request.body_mut() = Full::from(content);
        request
    }
    let runs = Runs::default();
    let orders = service(&by_form(), &runs, order);
    send(&orders, long('a', 'b')).await;
    assert!(send(&orders, long('b', 'a')).await.replayed);
    assert_eq!(send(&orders, long('b', 'c')).await.status, 422);
    assert_eq!(runs.count(), 1);
}
