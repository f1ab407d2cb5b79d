//! The readiness of a layer that claims a key before the handler runs.

use std::convert::Infallible;

use axum::body::Body;
use http::{Request, Response};
use tower::{
    BoxError, Layer, Service, ServiceExt, buffer::Buffer, limit::ConcurrencyLimit,
    load_shed::LoadShed, service_fn,
};
use tower_conditional::{
    Current, IdempotencyLayer, PreconditionLayer, body::RequestBody, source, stack,
    store::MemoryIdempotencyStore,
};
use tower_test::mock::{self, Handle, Mock, Spawn};

use super::{Content, in_time, tagged};

type Keyed = Request<RequestBody<Body>>;

fn keys() -> IdempotencyLayer<MemoryIdempotencyStore> {
    IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new())
}

fn post(key: &str) -> Request<Body> {
    let request = Request::post("/").header("idempotency-key", key);
    request.body(Body::from("content")).unwrap()
}

/// Answers after a pause, with the tag of the readiness tests.
async fn respond(_: Keyed) -> Result<Response<Content>, Infallible> {
    tokio::task::yield_now().await;
    Ok(tagged())
}

async fn status<S, B>(service: &S, request: Request<Body>) -> u16
where
    S: Service<Request<Body>, Response = Response<B>, Error: std::fmt::Debug> + Clone,
{
    let response = in_time(service.clone().oneshot(request)).await.unwrap();
    response.status().as_u16()
}

/// P-TR-tower: the layer is ready when the service is, and not before.
#[tokio::test]
async fn pending_is_forwarded_by_keys() {
    let (mock, mut handle): (Mock<_, _>, Handle<Keyed, Response<Content>>) = mock::pair();
    let mut service = Spawn::new(keys().layer(mock));
    handle.allow(0);
    assert!(service.poll_ready::<Request<Body>>().is_pending());
    handle.allow(1);
    assert!(service.is_woken());
    assert!(service.poll_ready::<Request<Body>>().is_ready());
}

/// P-TR-tower: one permit is enough for first requests, retries and refusals, side by side.
#[tokio::test]
async fn one_permit_is_enough_for_keys() {
    let service = keys().layer(ConcurrencyLimit::new(service_fn(respond), 1));
    for _ in 0..2 {
        for (key, expected) in [("\"a\"", 200), ("\"b\"", 200), ("a", 400)] {
            assert_eq!(status(&service, post(key)).await, expected, "{key}");
        }
    }
    let many = (0..16).map(|number| {
        let service = &service;
        async move { status(service, post(&format!("\"{number}\""))).await }
    });
    let answers = futures_util::future::join_all(many).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
}

/// P-TR-tower: neither a slow upload, a replay nor a refusal holds the permit.
#[tokio::test(start_paused = true)]
async fn a_slow_upload_with_a_key_holds_no_permit() {
    use futures_util::{FutureExt, stream::pending};
    use http_body::Frame;
    use http_body_util::StreamBody;

    let mut service = keys().layer(ConcurrencyLimit::new(service_fn(respond), 1));
    let upload = StreamBody::new(pending::<Result<Frame<bytes::Bytes>, Infallible>>());
    let upload = post("\"a\"").map(|_| Body::new(upload));
    let mut slow = Box::pin(service.ready().await.unwrap().call(upload));
    assert!(slow.as_mut().now_or_never().is_none());
    assert_eq!(status(&service, post("\"b\"")).await, 200);
    // Each keeps its response, and the next still gets the permit.
    let mut kept = Vec::new();
    for key in ["\"b\"", "b", "\"c\""] {
        let response = in_time(service.clone().oneshot(post(key))).await;
        kept.push(response.unwrap());
    }
    assert!(slow.as_mut().now_or_never().is_none());
}

/// P-TR-tower: a retry that waits for the first request does not hold the place that it needs.
#[tokio::test(start_paused = true)]
async fn a_retry_that_waits_holds_no_permit() {
    let layer = keys().wait_timeout(std::time::Duration::from_secs(5));
    let service = layer.layer(ConcurrencyLimit::new(service_fn(respond), 1));
    let retries = (0..8).map(|_| status(&service, post("\"a\"")));
    let answers = futures_util::future::join_all(retries).await;
    assert_eq!(answers, [200; 8]);
}

/// P-TR-tower: a buffer is called on the side of its readiness, inside and outside.
#[tokio::test]
async fn keys_and_buffers_fit_each_other() {
    let inside = keys().layer(Buffer::new(service_fn(respond), 1));
    for _ in 0..3 {
        assert_eq!(status(&inside, post("\"a\"")).await, 200);
    }
    let outside: Buffer<Request<Body>, _> = Buffer::new(keys().layer(service_fn(respond)), 1);
    for _ in 0..3 {
        assert_eq!(status(&outside, post("\"a\"")).await, 200);
    }
}

/// P-TR-tower: `LoadShed` outside refuses before a key is claimed. Inside, its error comes after.
#[tokio::test]
async fn load_is_shed_outside_of_keys() {
    let (mock, mut handle): (Mock<_, _>, Handle<Keyed, Response<Content>>) = mock::pair();
    let outside = LoadShed::new(keys().layer(mock));
    handle.allow(0);
    let shed: Result<_, BoxError> = outside.clone().oneshot(post("\"a\"")).await;
    assert!(shed.is_err());
    handle.allow(2);
    let answer = async {
        let (_, respond) = handle.next_request().await.unwrap();
        respond.send_response(tagged());
    };
    let first = outside.clone().oneshot(post("\"a\""));
    let (first, ()) = in_time(futures_util::future::join(first, answer)).await;
    assert_eq!(first.unwrap().status(), 200);

    let (mock, mut handle): (Mock<_, _>, Handle<Keyed, Response<Content>>) = mock::pair();
    handle.allow(0);
    let inside = keys().layer(LoadShed::new(mock));
    let shed = inside.clone().oneshot(post("\"a\"")).await;
    assert!(shed.is_err());
    let retry = inside.oneshot(post("\"a\"")).await.unwrap();
    assert_eq!(retry.status(), 409);
}

/// P-TR-tower: the same in a stack with all that asks.
#[tokio::test]
async fn one_permit_is_enough_for_a_stack_with_keys() {
    let absent = source::now(|_| Current::Absent);
    let layer = stack()
        .idempotency(keys())
        .precondition(PreconditionLayer::new(absent));
    let service = layer.layer(ConcurrencyLimit::new(service_fn(respond), 1));
    let mut kept = Vec::new();
    for (condition, expected) in [
        ("if-none-match", 200),
        ("if-match", 412),
        ("if-none-match", 200),
    ] {
        let mut request = post(&format!("\"{}\"", kept.len()));
        request
            .headers_mut()
            .insert(condition, "*".parse().unwrap());
        let response = in_time(service.clone().oneshot(request)).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{condition}");
        kept.push(response);
    }
}
