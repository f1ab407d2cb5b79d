//! Stores that fail, before a step is applied and after.

use std::{
    collections::VecDeque,
    future::pending,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tokio::time::sleep;

use super::{Runs, order, post, problem, send, service, user};
use crate::{
    BoxError,
    detached::Detached,
    idempotency::{
        Admission, Claim, IdempotencyLayer, Protect, RecordId, Resolution, SealReason, Update,
    },
    store::{IdempotencyStore, Inspection, MemoryIdempotencyStore, PAUSES, Step, StoreError},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    Begin,
    Renew,
    Complete,
    Release,
    Seal,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The store is down.
    Before,
    /// The step is applied, and its answer is lost.
    After,
    /// The record cannot be read.
    Corrupt,
    /// The step is applied, and its answer takes a second.
    Slow,
    /// The step is not applied, and there is never an answer.
    Silent,
    /// The step is not applied yet, and its answer is lost.
    Unanswered,
}

/// A store in memory, some of whose steps fail.
#[derive(Clone, Default)]
pub(super) struct Faulty {
    pub(super) store: MemoryIdempotencyStore,
    faults: Arc<Mutex<VecDeque<(Operation, Fault)>>>,
    begun: Runs,
}

impl Faulty {
    /// The next steps of this kind fail, so many times.
    pub(super) fn fail(&self, operation: Operation, fault: Fault, times: usize) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.extend(std::iter::repeat_n((operation, fault), times));
    }

    fn forget_faults(&self) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.clear();
    }

    fn next(&self, operation: Operation) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let index = faults.iter().position(|(other, _)| *other == operation)?;
        faults.remove(index).map(|(_, fault)| fault)
    }

    async fn run<T>(
        &self,
        operation: Operation,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.next(operation) {
            None => step.await,
            Some(Fault::Before) => Err(StoreError::not_applied("down")),
            Some(Fault::Corrupt) => Err(StoreError::corrupt("rubbish")),
            Some(Fault::After) => {
                step.await?;
                Err(StoreError::ambiguous("the answer was lost"))
            }
            Some(Fault::Silent) => pending().await,
            Some(Fault::Unanswered) => Err(StoreError::ambiguous("no answer yet")),
            Some(Fault::Slow) => {
                let answer = step.await;
                sleep(Duration::from_secs(1)).await;
                answer
            }
        }
    }
}

impl IdempotencyStore for Faulty {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        self.begun.add();
        self.run(Operation::Begin, self.store.begin(id, claim))
            .await
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        self.run(Operation::Renew, self.store.renew(step, lease))
            .await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        self.run(Operation::Complete, self.store.complete(step, response))
            .await
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        self.run(Operation::Release, self.store.release(step)).await
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        self.run(Operation::Seal, self.store.seal(step, reason))
            .await
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        self.store.inspect(id).await
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        self.store.resolve(id, fence, resolution).await
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        self.store.purge(batch).await
    }
}

/// P-ID-store-down: a store that never answers is one that is down, after a while.
#[tokio::test(start_paused = true)]
async fn a_silent_store_holds_nobody_up() {
    for lease in [Duration::from_secs(30), Duration::MAX] {
        let (store, runs, detached) = (Faulty::default(), Runs::default(), Detached::new());
        let layer = IdempotencyLayer::new(store.clone(), user).lease(lease);
        let service = service(&layer.detached(detached.clone()), &runs, order);
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
        sleep(Duration::from_secs(60)).await;
        order(number, request).await
    });
    let first = tokio::spawn({
        let service = service.clone();
        async move { send(&service, post("\"a\"")).await }
    });
    sleep(Duration::from_secs(1)).await;
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
            sleep(Duration::from_secs(100)).await;
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
    let detached = Detached::new();
    let layer = IdempotencyLayer::new(store.clone(), user).detached(detached.clone());
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

/// P-ID-disconnect: a client that leaves before its claim is answered has started nothing. Its
/// retry runs, and is not told that the outcome is unknown.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_during_its_claim_gives_it_back() {
    let (store, runs, detached) = (Faulty::default(), Runs::default(), Detached::new());
    let layer = IdempotencyLayer::new(store.clone(), user).detached(detached.clone());
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
    let detached = Detached::new();
    let layer = IdempotencyLayer::new(store.clone(), user).lease(Duration::from_millis(500));
    let service = service(&layer.detached(detached.clone()), &runs, order);
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
        let (store, runs, detached) = (Faulty::default(), Runs::default(), Detached::new());
        let layer = IdempotencyLayer::new(store.clone(), user).lease(Duration::from_secs(2));
        let service = service(&layer.detached(detached.clone()), &runs, order);
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
    let (store, runs, detached) = (Faulty::default(), Runs::default(), Detached::new());
    let layer = IdempotencyLayer::new(store.clone(), user).lease(Duration::from_millis(2_500));
    let service = service(&layer.detached(detached.clone()), &runs, order);
    store.fail(Operation::Begin, Fault::Slow, 1);
    store.fail(Operation::Renew, Fault::Slow, 1);
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (503, "store-unavailable"));
    assert_eq!(runs.count(), 0);
    detached.idle().await;
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
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
    let detached = Detached::new();
    let layer = IdempotencyLayer::new(store.clone(), user).detached(detached.clone());
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
    let detached = Detached::new();
    let layer = IdempotencyLayer::new(store.clone(), user).detached(detached.clone());
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
    let detached = Detached::new();
    let layer = IdempotencyLayer::new(store.clone(), user).detached(detached.clone());
    let service = service(&layer, &runs, order);
    store.fail(Operation::Begin, Fault::Unanswered, 1000);
    let refused = send(&service, post("\"a\"")).await;
    assert_eq!(problem(&refused), "store-unavailable");
    sleep(Duration::from_secs(2 * 60 * 60)).await;
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
    let detached = Detached::new();
    let layer = IdempotencyLayer::new(store.clone(), user).detached(detached.clone());
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
    sleep(Duration::from_secs(10 * 60)).await;
    assert_eq!(detached.len(), 1024);
    store.forget_faults();
    detached.idle().await;
    assert_eq!(send(&service, post("\"1\"")).await.status, 201);
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
        sleep(Duration::from_secs(60)).await;
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
