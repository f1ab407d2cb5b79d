//! Requests, services and configurations that mean harm, or are only unlucky.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tower::{Layer, Service, ServiceExt, limit::GlobalConcurrencyLimitLayer, service_fn};

use super::{HandlerRequest, Runs, layer, order, post, problem, send, service, user};
use crate::{
    body::RequestBody,
    clock::{Clock, ManualClock, SystemClock},
    idempotency::{IdempotencyLayer, OnLostAttempt},
    store::MemoryIdempotencyStore,
    test_support::{Act, ScriptedBody, pass},
};

/// P-ID-fencing: an attempt that waits for a place behind a limit, and loses its key meanwhile,
/// does not run any more. Another one may have run in its place.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_lost_its_key_before_it_ran_does_not_run() {
    let clock = ManualClock::new(SystemClock.now());
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let keys = IdempotencyLayer::new(store, user).on_lost_attempt(OnLostAttempt::Reexecute);
    let (runs, places) = (Runs::default(), Arc::new(Semaphore::new(1)));
    let counted = runs.clone();
    let handler = service_fn(move |request: HandlerRequest| {
        let number = counted.add();
        async move { Ok::<_, Infallible>(order(number, request).await) }
    });
    let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&places));
    let mut limited = keys.layer(limit.layer(handler.clone()));
    // It has a place, gives it back to read its content, and waits for another one.
    let call = limited.ready().await.expect("ready").call(post("\"a\""));
    let waiting = tokio::spawn(call);
    let held = places.acquire().await.expect("a place");
    pass(Duration::from_secs(1)).await;
    assert_eq!(runs.count(), 0);
    clock.advance(Duration::from_secs(60));
    pass(Duration::from_secs(30)).await;
    let other = send(&keys.layer(handler), post("\"a\"")).await;
    assert_eq!((other.status, runs.count()), (201, 1));
    drop(held);
    let response = waiting.await.expect("no panic").expect("a response");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(runs.count(), 1);
}

/// P-ID-reqlimit: content counts by its bytes, however many frames it has.
#[tokio::test]
async fn small_frames_do_not_make_content_too_large() {
    let keys = layer().max_request_bytes(1_000);
    let echo = service_fn(|request: Request<RequestBody<ScriptedBody>>| async {
        let content = request.into_body().collect().await.expect("the content");
        Ok::<_, Infallible>(Response::new(Full::from(content.to_bytes())))
    });
    let service = keys.layer(echo);
    for (key, acts, expected) in [
        ("\"ten frames\"", vec![Act::data([b'x'; 100]); 10], 200),
        ("\"bytes\"", vec![Act::data("x"); 1_000], 200),
        (
            "\"empty\"",
            [vec![Act::data(""); 20_000], vec![Act::data("x")]].concat(),
            200,
        ),
        ("\"longer\"", vec![Act::data("x"); 1_001], 413),
    ] {
        let request = post(key).map(|_| ScriptedBody::unsized_(acts.clone()));
        let response = service.clone().oneshot(request).await.expect("a response");
        assert_eq!(response.status(), expected, "{key}");
    }
}

/// The order of media types has no meaning (RFC 9110, section 12.5.1).
#[tokio::test]
async fn a_client_that_also_accepts_events_may_have_a_key() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    for (key, accept) in [
        ("\"a\"", "application/json, text/event-stream"),
        ("\"b\"", "text/event-stream, application/json"),
        ("\"c\"", "text/event-stream;q=0.1, */*"),
    ] {
        let mut request = post(key);
        let accept = accept.parse().expect("a value");
        request.headers_mut().insert("accept", accept);
        assert_eq!(send(&service, request).await.status, 201, "{key}");
    }
}

/// A layer around all and one around a nested router are one layer: one record, one attempt.
#[cfg(feature = "axum")]
#[tokio::test]
async fn a_layer_around_a_nested_one_holds_the_key() {
    let runs = Runs::default();
    let store = Arc::new(MemoryIdempotencyStore::new());
    let keys = IdempotencyLayer::new(Arc::clone(&store), user);
    let counted = runs.clone();
    let handler = service_fn(
        move |request: Request<RequestBody<RequestBody<Full<Bytes>>>>| {
            let number = counted.add();
            let (parts, body) = request.into_parts();
            async move {
                let content = body.collect().await.expect("the content").to_bytes();
                let body = RequestBody::unread(Full::from(content));
                Ok::<_, Infallible>(order(number, Request::from_parts(parts, body)).await)
            }
        },
    );
    let nest = tower::ServiceBuilder::new().map_request(|mut request: HandlerRequest| {
        let whole = request.uri().clone();
        request
            .extensions_mut()
            .insert(axum::extract::OriginalUri(whole));
        *request.uri_mut() = "/orders".parse().expect("a URI");
        request
    });
    let service = keys.layer(nest.service(keys.layer(handler)));
    for replayed in [false, true] {
        let mut request = post("\"a\"");
        *request.uri_mut() = "/api/orders".parse().expect("a URI");
        let response = service.clone().oneshot(request).await.expect("a response");
        let marker = response.headers().contains_key("idempotent-replayed");
        assert_eq!((response.status().as_u16(), marker), (201, replayed));
    }
    assert_eq!((runs.count(), store.len()), (1, 1));
}

/// A service whose readiness panics.
#[derive(Clone)]
struct Brittle(Arc<Mutex<u32>>);

impl Service<HandlerRequest> for Brittle {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Full<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let mut polls = self.0.lock().expect("no panic while it is held");
        *polls += 1;
        let is_second = *polls == 2;
        drop(polls);
        assert!(!is_second, "a brittle service");
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: HandlerRequest) -> Self::Future {
        std::future::ready(Ok(Response::new(Full::default())))
    }
}

/// Panics when it is dropped.
struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a destructor");
    }
}

/// P-ID-panic: after any panic the outcome is unknown at once, and not when the lease is over.
#[tokio::test(start_paused = true)]
async fn a_panic_anywhere_ends_the_lease() {
    let brittle = layer().layer(Brittle(Arc::default()));
    let first = AssertUnwindSafe(brittle.clone().oneshot(post("\"a\"")));
    assert!(first.catch_unwind().await.is_err());
    let retry = send(&brittle, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));

    // The future of the handler is dropped when its time is over.
    let runs = Runs::default();
    let dropped = service(
        &layer().timeout(Duration::from_secs(1)),
        &runs,
        |_, _| async {
            let _panics = PanicOnDrop;
            std::future::pending().await
        },
    );
    let first = AssertUnwindSafe(dropped.clone().oneshot(post("\"a\"")));
    assert!(first.catch_unwind().await.is_err());
    let retry = send(&dropped, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
    assert_eq!(runs.count(), 1);
}

/// R-IK07-2.6-d: a thousand retries that wait for one key.
#[tokio::test(start_paused = true)]
async fn a_thousand_retries_wait_for_one_run() {
    let runs = Runs::default();
    let patient = layer().wait_timeout(Duration::from_secs(60));
    let service = service(&patient, &runs, |number, request| async move {
        pass(Duration::from_secs(45)).await;
        order(number, request).await
    });
    let mut retries = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let service = service.clone();
        retries.spawn(async move { send(&service, post("\"a\"")).await.status });
    }
    assert!(
        retries
            .join_all()
            .await
            .into_iter()
            .all(|status| status == 201)
    );
    assert_eq!(runs.count(), 1);
}
