//! Stores that fail in a claim, before it is applied and after.

use std::time::Duration;

use super::{
    Runs,
    faulty_store::{Fault, Faulty, Operation},
    order, post, problem, send, service, user,
};
use crate::{idempotency::IdempotencyLayer, test_support::pass};

/// P-ID-disconnect: a client that leaves before its claim is answered has started nothing. Its
/// retry runs, and is not told that the outcome is unknown.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_during_its_claim_gives_it_back() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::Slow, 1);
    let first = send(&service, post("\"a\""));
    let left = tokio::time::timeout(Duration::from_millis(500), first).await;
    assert!(left.is_err());
    detached.idle().await;
    assert_eq!(runs.count(), 0);
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, retry.replayed), (201, false));
    assert_eq!(runs.count(), 1);
}

/// P-ID-lease: a claim whose answer comes after its lease runs nothing, and is given back.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_slower_than_the_lease_runs_nothing() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer.lease(Duration::from_millis(500)), &runs, order);
    store.fail(Operation::Begin, Fault::Slow, 1);
    // Nor does one failed release pin the key.
    store.fail(Operation::Release, Fault::Before, 2);
    let refused = send(&service, post("\"a\"")).await;
    assert_eq!(
        (refused.status, problem(&refused)),
        (503, "store-unavailable")
    );
    assert_eq!(runs.count(), 0);
    detached.idle().await;
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
}

/// The retry of a client whose claim was too late finds its key free at once.
#[tokio::test(start_paused = true)]
async fn a_late_claim_is_given_back_before_its_refusal() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let layer = IdempotencyLayer::new(store.clone(), user).lease(Duration::from_millis(500));
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::Slow, 1);
    // With the first try to release it failed, the task needs a pause.
    store.fail(Operation::Release, Fault::Before, 1);
    assert_eq!(send(&service, post("\"a\"")).await.status, 503);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    assert_eq!(runs.count(), 1);
}

/// P-ID-lease: a claim that took more than a third of its lease is renewed before the handler
/// runs, or nothing runs.
#[tokio::test(start_paused = true)]
async fn a_slow_claim_is_renewed_before_the_handler() {
    for is_renewed in [true, false] {
        let (store, runs) = (Faulty::default(), Runs::default());
        let (layer, detached) = store.layer();
        let service = service(&layer.lease(Duration::from_secs(2)), &runs, order);
        store.fail(Operation::Begin, Fault::Slow, 1);
        if !is_renewed {
            store.fail(Operation::Renew, Fault::Before, 1);
        }
        let first = send(&service, post("\"a\"")).await;
        assert_eq!(first.status, if is_renewed { 201 } else { 503 });
        assert_eq!(runs.count(), usize::from(is_renewed));
        detached.idle().await;
        assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    }
}

/// P-ID-lease: if the answer to that renewal takes long, too, the next one would be too late.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_slow_itself_does_not_count() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer.lease(Duration::from_millis(2_500)), &runs, order);
    store.fail(Operation::Begin, Fault::Slow, 1);
    store.fail(Operation::Renew, Fault::Slow, 1);
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (503, "store-unavailable"));
    assert_eq!(runs.count(), 0);
    detached.idle().await;
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
}

/// A claim whose answer was lost is asked for again, and is one claim.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_is_repeated() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let service = service(&IdempotencyLayer::new(store.clone(), user), &runs, order);
    store.fail(Operation::Begin, Fault::After, 3);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    assert!(send(&service, post("\"a\"")).await.replayed);
    assert_eq!(runs.count(), 1);
}

/// A claim that never got an answer is released once the store is back.
#[tokio::test(start_paused = true)]
async fn a_claim_without_an_answer_runs_nothing_and_is_released() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::After, 5);
    let refused = send(&service, post("\"a\"")).await;
    assert_eq!(
        (refused.status, problem(&refused)),
        (503, "store-unavailable")
    );
    assert_eq!(runs.count(), 0);
    detached.idle().await;
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
}

/// The refusal of its repetition tells nothing of the claim itself.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_repetition_is_refused_is_released() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::After, 1);
    store.fail(Operation::Begin, Fault::Before, 1);
    assert_eq!(send(&service, post("\"a\"")).await.status, 503);
    assert_eq!(runs.count(), 0);
    detached.idle().await;
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
}

/// A store that hangs for hours and then runs the claim leaves no key behind whose outcome is
/// unknown: nothing ran.
#[tokio::test(start_paused = true)]
async fn a_claim_that_is_applied_hours_later_is_released() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::Unanswered, 1000);
    let refused = send(&service, post("\"a\"")).await;
    assert_eq!(problem(&refused), "store-unavailable");
    pass(Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(detached.len(), 1);
    // The claim of the refused request arrives now. Its task is the only one that asks.
    store.forget_faults();
    store.fail(Operation::Begin, Fault::After, 1);
    detached.idle().await;
    assert_eq!(runs.count(), 0);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
}

/// A long outage leaves a bounded number of claims to follow.
#[tokio::test(start_paused = true)]
async fn the_number_of_claims_without_an_answer_is_bounded() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::Unanswered, 200_000);
    let requests = (0..1100).map(|key| {
        let service = service.clone();
        tokio::spawn(async move { send(&service, post(&format!("\"{key}\""))).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.expect("no panic").status, 503);
    }
    assert_eq!(detached.len(), 1100);
    pass(Duration::from_secs(10 * 60)).await;
    assert_eq!(detached.len(), 1024);
    store.forget_faults();
    detached.idle().await;
    assert_eq!(send(&service, post("\"1\"")).await.status, 201);
}
