//! Requests with a key, and those without one.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    iter,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service};
use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};
use tower_conditional_gate::{Body, OneRequest, answers, answers_each, run};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// More than the requests that are counted.
const KEYS: usize = 1000;

fn main() {
    run(&[
        ("order: bare", || {
            answers(200, Order::new(), Method::POST, None)
        }),
        ("order: no key", || {
            answers(200, layer().layer(Order::new()), Method::POST, None)
        }),
        ("order: bare, with a key", || {
            answers_each(200, Order::new(), Method::POST, keys())
        }),
        ("order: first run", || {
            answers_each(200, layer().layer(Order::new()), Method::POST, keys())
        }),
        // The first request of `answers` runs, and is not counted.
        ("order: replay", || {
            let key = Some((KEY, "\"8e03978e-40d5-43dd-bc93-000000000000\""));
            answers(200, layer().layer(Order::new()), Method::POST, key)
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
    let service = layer().layer(Order::new());
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

/// A handler of requests with any body, which answers with 1 KiB.
#[derive(Clone)]
struct Order(Bytes);

impl Order {
    fn new() -> Self {
        Self(vec![b' '; 1024].into())
    }
}

impl<B> Service<Request<B>> for Order {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::new(self.0.clone()).boxed_unsync());
        let content_type = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        ready(Ok(response))
    }
}
