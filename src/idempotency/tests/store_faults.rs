//! Stores that fail, before a step is applied and after.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;

use super::{
    Runs,
    faulty_store::{Fault, Faulty, Operation},
    order, post, problem, send, service, user,
};
use crate::{
    BoxError,
    detached::Detached,
    idempotency::{IdempotencyLayer, Protect, RecordId},
    store::{IdempotencyStore, MemoryIdempotencyStore, PAUSES},
    test_support::pass,
};

/// P-ID-store-down: a store that never answers is one that is down, after a while.
#[tokio::test(start_paused = true)]
async fn a_silent_store_holds_nobody_up() {
    for lease in [Duration::from_secs(30), Duration::MAX] {
        let (store, runs) = (Faulty::default(), Runs::default());
        let (layer, detached) = store.layer();
        let service = service(&layer.lease(lease), &runs, order);
        if lease < Duration::MAX {
            store.fail(Operation::Begin, Fault::Silent, 2);
            let refused = send(&service, post("\"a\"")).await;
            assert_eq!(problem(&refused), "store-unavailable");
            detached.idle().await;
            assert_eq!(runs.count(), 0);
            store.fail(Operation::Complete, Fault::Silent, 1);
        }
        assert_eq!(send(&service, post("\"a\"")).await.status, 201);
        assert!(send(&service, post("\"a\"")).await.replayed);
    }
}

/// A retry that waits long asks the store less and less often.
#[tokio::test(start_paused = true)]
async fn a_retry_that_waits_does_not_flood_the_store() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let layer = IdempotencyLayer::new(store.clone(), user).wait_timeout(Duration::from_secs(60));
    let service = service(&layer, &runs, |number, request| async move {
        pass(Duration::from_secs(60)).await;
        order(number, request).await
    });
    let first = tokio::spawn({
        let service = service.clone();
        async move { send(&service, post("\"a\"")).await }
    });
    pass(Duration::from_secs(1)).await;
    assert!(send(&service, post("\"a\"")).await.replayed);
    assert_eq!(first.await.expect("no panic").status, 201);
    assert!(store.begun.count() < 80, "{}", store.begun.count());
}

/// P-ID-lease: a renewal without an answer does not keep the next one from coming in time.
#[tokio::test(start_paused = true)]
async fn a_silent_renewal_does_not_end_the_lease() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let service = service(
        &IdempotencyLayer::new(store.clone(), user),
        &runs,
        |number, request| async move {
            pass(Duration::from_secs(100)).await;
            order(number, request).await
        },
    );
    store.fail(Operation::Renew, Fault::Silent, 1);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    assert!(send(&service, post("\"a\"")).await.replayed);
}

/// P-ID-store-down: nothing runs without an acknowledged claim.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_runs_nothing() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let (layer, detached) = store.layer();
    let service = service(&layer, &runs, order);
    for (fault, expected) in [
        (Fault::Before, "store-unavailable"),
        (Fault::Corrupt, "unreadable"),
    ] {
        store.fail(Operation::Begin, fault, 1);
        let refused = send(&service, post("\"a\"")).await;
        assert_eq!((refused.status, problem(&refused)), (503, expected));
    }
    store.fail(Operation::Begin, Fault::Before, 1);
    let refused = tower::ServiceExt::oneshot(service.clone(), post("\"a\"")).await;
    let refused = refused.expect("a response");
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(runs.count(), 0);
    assert!(detached.is_empty(), "there is no claim to give back");
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
}

/// A store that is back after a second is one that was never away.
#[tokio::test(start_paused = true)]
async fn a_step_is_repeated_after_a_pause() {
    for operation in [Operation::Begin, Operation::Complete] {
        let (store, runs) = (Faulty::default(), Runs::default());
        let service = service(&IdempotencyLayer::new(store.clone(), user), &runs, order);
        store.fail(operation, Fault::Unanswered, 3);
        let started = tokio::time::Instant::now();
        assert_eq!(send(&service, post("\"a\"")).await.status, 201);
        assert_eq!(started.elapsed(), PAUSES.iter().sum(), "{operation:?}");
    }
}

/// A response that may be recorded is not sealed: the client gets it, or is told to find out.
#[tokio::test(start_paused = true)]
async fn a_record_that_may_be_applied_is_not_sealed() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let service = service(&IdempotencyLayer::new(store.clone(), user), &runs, order);
    store.fail(Operation::Complete, Fault::After, 1);
    store.fail(Operation::Complete, Fault::Before, 3);
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (503, "unrecorded"));
    assert!(send(&service, post("\"a\"")).await.replayed);
    assert_eq!(runs.count(), 1);
}

/// P-ID-durable-first: a response that is not recorded does not leave, and nothing runs again.
#[tokio::test(start_paused = true)]
async fn a_response_that_is_not_recorded_is_withheld() {
    for fault in [Fault::Before, Fault::After] {
        let (store, runs) = (Faulty::default(), Runs::default());
        let detached = Detached::new();
        let layer = IdempotencyLayer::new(store.clone(), user).detached(detached.clone());
        let service = service(&layer, &runs, order);
        store.fail(Operation::Complete, fault, 10);
        store.fail(Operation::Seal, fault, 10);
        let withheld = send(&service, post("\"a\"")).await;
        assert_eq!(
            (withheld.status, problem(&withheld)),
            (503, "unrecorded"),
            "{fault:?}"
        );
        // Nor is its claim given back later: the handler has run.
        detached.idle().await;
        let retry = send(&service, post("\"a\"")).await;
        match fault {
            Fault::After => assert!(retry.replayed),
            _ => assert_eq!(problem(&retry), "in-flight"),
        }
        assert_eq!(runs.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_answer_was_lost_is_repeated() {
    for fault in [Fault::Before, Fault::After] {
        let (store, runs) = (Faulty::default(), Runs::default());
        let service = service(&IdempotencyLayer::new(store.clone(), user), &runs, order);
        store.fail(Operation::Complete, fault, 3);
        assert_eq!(send(&service, post("\"a\"")).await.status, 201, "{fault:?}");
        assert!(send(&service, post("\"a\"")).await.replayed);
    }
}

/// A store without room for the response seals the key. The response goes out.
#[tokio::test(start_paused = true)]
async fn a_response_without_room_seals_its_key() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let service = service(&IdempotencyLayer::new(store.clone(), user), &runs, order);
    store.fail(Operation::Complete, Fault::Before, 4);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "sealed"));
    assert_eq!(runs.count(), 1);
}

/// P-ID-fencing: an attempt whose lease ran out withholds its response.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_lost_its_lease_withholds_its_response() {
    use crate::clock::{Clock, ManualClock, SystemClock};

    let clock = ManualClock::new(SystemClock.now());
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let runs = Runs::default();
    let service = service(
        &IdempotencyLayer::new(store, user),
        &runs,
        move |number, request| {
            let clock = clock.clone();
            async move {
                // The process was stopped for a minute.
                clock.advance(Duration::from_secs(60));
                order(number, request).await
            }
        },
    );
    let late = send(&service, post("\"a\"")).await;
    assert_eq!((late.status, problem(&late)), (409, "outcome-unknown"));
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!(problem(&retry), "outcome-unknown");
    assert_eq!(runs.count(), 1);
}

/// A renewal that fails is tried again, until the lease ends.
#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_tried_again() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let layer = IdempotencyLayer::new(store.clone(), user);
    let service = service(&layer, &runs, |number, request| async move {
        pass(Duration::from_secs(60)).await;
        order(number, request).await
    });
    // From 10 to 28 seconds after the claim.
    store.fail(Operation::Renew, Fault::Before, 9);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
}

/// A released key that could not be released: the client may try again later.
#[tokio::test(start_paused = true)]
async fn an_error_goes_out_whatever_the_store_says() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let layer = IdempotencyLayer::new(store.clone(), user);
    let service = service(&layer, &runs, |_, _| async {
        let mut response = Response::new(Full::from("busy"));
        *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        response
    });
    store.fail(Operation::Release, Fault::Before, 10);
    assert_eq!(send(&service, post("\"a\"")).await.content, "busy");
}

/// Reverses the bytes, which is enough to see where it is used.
struct Reversed;

impl Protect for Reversed {
    fn seal(&self, id: &[u8; 32], response: Bytes) -> Result<Bytes, BoxError> {
        let sealed = response.iter().rev().chain(&id[..1]).copied();
        Ok(sealed.collect())
    }

    fn open(&self, id: &[u8; 32], sealed: Bytes) -> Result<Bytes, BoxError> {
        match sealed.split_last() {
            Some((first, rest)) if *first == id[0] => Ok(rest.iter().rev().copied().collect()),
            _ => Err("of another record".into()),
        }
    }
}

/// P-ID-replay-secrets: a record is encrypted at rest, and comes back.
#[tokio::test]
async fn a_record_is_protected_at_rest() {
    use crate::idempotency::{IdempotencyKey, KeyScope, KeyState};

    let (store, runs) = (Faulty::default(), Runs::default());
    let layer = IdempotencyLayer::new(store.clone(), user).protect(Reversed);
    let service = service(&layer, &runs, order);
    let first = send(&service, post("\"a\"")).await;
    let key = IdempotencyKey::new("a").expect("a key");
    let id = RecordId::new(&KeyScope::of_principal("alice"), &key);
    let found = store
        .inspect(id)
        .await
        .expect("an answer")
        .expect("a record");
    let KeyState::Completed(record) = found.state else {
        panic!("{found:?}");
    };
    let order = b"{\"order\"";
    assert!(!record.windows(order.len()).any(|window| window == order));
    let retry = send(&service, post("\"a\"")).await;
    assert!(retry.replayed);
    assert_eq!(retry.content, first.content);
}

/// A response that cannot be decrypted was recorded: the request is not performed again.
#[tokio::test]
async fn a_record_that_cannot_be_read_is_not_performed_again() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let plain = IdempotencyLayer::new(store.clone(), user);
    assert_eq!(
        send(&service(&plain, &runs, order), post("\"a\""))
            .await
            .status,
        201
    );
    let protected = service(&plain.protect(Reversed), &runs, order);
    let refused = send(&protected, post("\"a\"")).await;
    assert_eq!((refused.status, problem(&refused)), (503, "unreadable"));
    assert_eq!(runs.count(), 1);
}
