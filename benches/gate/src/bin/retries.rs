//! Requests with a key, and those without one.

use std::iter;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};
use tower::Layer;
use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};
use tower_conditional_gate::{EditedAnswer, OneRequest, answers, answers_each, run};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// More than the requests that are counted.
const KEYS: usize = 1000;

fn main() {
    run(&[
        ("order: bare", || answers(200, order(), Method::POST, None)),
        ("order: no key", || {
            answers(200, layer().layer(order()), Method::POST, None)
        }),
        ("order: bare, with a key", || {
            answers_each(200, order(), Method::POST, keys())
        }),
        ("order: first run", || {
            answers_each(200, layer().layer(order()), Method::POST, keys())
        }),
        // The first request of `answers` runs, and is not counted.
        ("order: replay", || {
            let key = Some((KEY, "\"8e03978e-40d5-43dd-bc93-000000000000\""));
            answers(200, layer().layer(order()), Method::POST, key)
        }),
        ("order: released", || {
            let unavailable = EditedAnswer::new(|response| {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            });
            answers_each(503, layer().layer(unavailable), Method::POST, keys())
        }),
        ("order: 422", reused),
    ]);
}

fn layer() -> IdempotencyLayer<MemoryIdempotencyStore> {
    IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new())
}

/// Returns the headers of each request, with a key as long as a UUID in quotes.
fn keys() -> impl Iterator<Item = HeaderMap> {
    (0..KEYS).map(with_key)
}

fn with_key(number: usize) -> HeaderMap {
    let key = format!("\"8e03978e-40d5-43dd-bc93-{number:012}\"");
    HeaderMap::from_iter([(KEY, HeaderValue::from_str(&key).expect("a value"))])
}

/// Sends requests whose key belongs to one of another content type.
fn reused() -> OneRequest {
    let service = layer().layer(order());
    let mut first = with_key(0);
    first.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    answers_each(200, service.clone(), Method::POST, [first])();
    answers_each(
        422,
        service,
        Method::POST,
        iter::repeat_n(with_key(0), KEYS),
    )
}

/// Returns a handler that answers with 1 KiB.
fn order() -> EditedAnswer {
    EditedAnswer::new(|_| ())
}
