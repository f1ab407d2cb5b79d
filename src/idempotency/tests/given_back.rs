//! Claims for which nothing ran, and a store that is away for longer than their lease.

use std::time::Duration;

use http::{Response, StatusCode};
use http_body_util::Full;
use tokio::time::timeout;
use tower::{Layer, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

use super::{
    HandlerRequest, Runs,
    faulty_store::{Fault, Faulty, Operation},
    order, post, problem, send, service,
};
use crate::{
    idempotency::{IdempotencyKey, KeyScope, OnLostAttempt, RecordId},
    store::IdempotencyStore,
    test_support::pass,
};

/// More steps than a task tries within the lease of 30 seconds.
const WHOLE_LEASE: usize = 8;

/// P-ID-store-down: nothing ran, so the key is free once the store is back.
#[tokio::test(start_paused = true)]
async fn a_claim_before_an_outage_is_given_back() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::After, 1);
    store.fail(Operation::Begin, Fault::Before, WHOLE_LEASE);
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (503, "store-unavailable"));
    pass(Duration::from_secs(31)).await;
    let early = send(&service, post("\"a\"")).await;
    assert_eq!(problem(&early), "store-unavailable");
    detached.idle().await;
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, runs.count()), (201, 1), "{retry:?}");
}

/// P-ID-disconnect: a client that leaves during its claim has started nothing.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_client_left_is_given_back() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::Slow, 1);
    store.fail(Operation::Release, Fault::Before, WHOLE_LEASE);
    let first = send(&service, post("\"a\""));
    assert!(timeout(Duration::from_millis(500), first).await.is_err());
    detached.idle().await;
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, runs.count()), (201, 1), "{retry:?}");
}

/// A request that never got a place in a limit inside has not begun.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_service_is_not_ready_is_given_back() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let counted = runs.clone();
    let limited = ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(move |request: HandlerRequest| {
            let response = order(counted.add(), request);
            async move { Ok::<_, std::convert::Infallible>(response.await) }
        }));
    let service = layer.timeout(Duration::from_secs(5)).layer(limited.clone());
    store.fail(Operation::Begin, Fault::Slow, 1);
    store.fail(Operation::Release, Fault::Before, WHOLE_LEASE);
    let first = tokio::spawn({
        let service = service.clone();
        async move { send(&service, post("\"a\"")).await }
    });
    // The layer gives its place back while it claims the key.
    pass(Duration::from_millis(500)).await;
    let mut other = limited;
    other.ready().await.expect("the only place");
    let first = first.await.expect("no panic");
    assert_eq!((first.status, problem(&first)), (503, "timed-out"));
    drop(other);
    detached.idle().await;
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, runs.count()), (201, 1), "{retry:?}");
}

/// P-ID-record-policy: a handler that failed and rolled back has freed its key, store or not.
#[tokio::test(start_paused = true)]
async fn a_key_that_a_failed_handler_freed_is_given_back() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, |number, request| async move {
        if number > 1 {
            return order(number, request).await;
        }
        let mut response = Response::new(Full::from("busy"));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
    });
    store.fail(Operation::Release, Fault::Before, 4 + WHOLE_LEASE);
    assert_eq!(send(&service, post("\"a\"")).await.content, "busy");
    detached.idle().await;
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, runs.count()), (201, 2), "{retry:?}");
}

/// P-ID-record-policy: the store came back after the lease, and before the handler failed.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_freed_after_its_lease_is_given_back() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, |number, request| async move {
        if number > 1 {
            return order(number, request).await;
        }
        // Longer than the lease, none of whose renewals arrives.
        pass(Duration::from_secs(31)).await;
        let mut response = Response::new(Full::from("busy"));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
    });
    store.fail(Operation::Renew, Fault::Before, 15);
    assert_eq!(send(&service, post("\"a\"")).await.content, "busy");
    detached.idle().await;
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, runs.count()), (201, 2), "{retry:?}");
}

/// P-ID-takeover: a claim that followed a lost attempt leaves the outcome as unknown as it was.
#[tokio::test(start_paused = true)]
async fn a_takeover_before_an_outage_frees_nothing() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let layer = layer.on_lost_attempt(OnLostAttempt::Resume);
    let lost = service(&layer, &runs, |number, request| async move {
        let mut response = order(number, request).await;
        let unknown = crate::idempotency::Commit::Unknown;
        response.extensions_mut().insert(unknown);
        response
    });
    assert_eq!(send(&lost, post("\"a\"")).await.status, 201);
    store.fail(Operation::Begin, Fault::After, 1);
    store.fail(Operation::Begin, Fault::Before, WHOLE_LEASE);
    assert_eq!(send(&lost, post("\"a\"")).await.status, 503);
    detached.idle().await;
    let key = IdempotencyKey::new("a").expect("a key");
    let id = RecordId::new(&KeyScope::of_principal("alice"), &key);
    let found = store.inspect(id).await.expect("an answer");
    let found = found.expect("a record");
    assert!(found.is_unknown, "{found:?}");
    assert_eq!((found.attempt, runs.count()), (2, 1));
}
