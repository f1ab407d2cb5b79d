//! The limits of the store in memory, while threads share it.

use std::{
    future::Future,
    num::NonZeroUsize,
    pin::pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use bytes::Bytes;

use super::{
    clock,
    memory::{claim, id, start},
};
use crate::{
    semantics::retry::{Admission, Claim, Resolution, Retention, Update},
    store::{IdempotencyStore, MemoryIdempotencyStore, Step, StoreErrorKind},
};

/// The store in memory answers at once.
fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a pause"),
    }
}

/// P-ID-purge: responses that come at the same time do not share the room of one.
#[test]
fn threads_do_not_exceed_the_limit() {
    const RESPONSE: usize = 100_000;
    for round in 0..2_000 {
        let empty = MemoryIdempotencyStore::new().clock(clock());
        let probe = [1, 2].map(|number| now(start(&empty, number)));
        assert!(probe.iter().all(Option::is_some));
        // Room for both records and one response.
        let max_bytes = empty.used_bytes() + RESPONSE * 3 / 2;
        let store = MemoryIdempotencyStore::new()
            .max_bytes(max_bytes)
            .clock(clock());
        let steps = [1, 2].map(|number| now(start(&store, number)).expect("room"));
        let waiting = AtomicUsize::new(0);
        let completed = steps.map(|step| {
            let (store, waiting) = (&store, &waiting);
            let response = Bytes::from(vec![0; RESPONSE]);
            move || {
                waiting.fetch_add(1, Ordering::SeqCst);
                while waiting.load(Ordering::SeqCst) < 2 {
                    thread::yield_now();
                }
                now(store.complete(step, response)).is_ok()
            }
        });
        let completed = thread::scope(|scope| {
            let threads = completed.map(|complete| scope.spawn(complete));
            threads.map(|thread| thread.join().expect("no panic"))
        });
        let used = store.used_bytes();
        assert!(
            used <= max_bytes,
            "round {round}: {used} bytes of {max_bytes}"
        );
        assert!(completed[0] != completed[1], "round {round}");
    }
}

/// A reservation that is not used is given back.
#[tokio::test]
async fn nothing_stays_reserved() {
    let store = MemoryIdempotencyStore::new().clock(clock());
    let step = start(&store, 1).await.expect("room");
    let before = store.used_bytes();
    let response = Bytes::from(vec![0; 10_000]);
    let stranger = Step {
        fence: step.fence + 1,
        ..step
    };
    let lost = store.complete(stranger, response.clone()).await;
    assert_eq!(lost.expect("an answer"), Update::Lost);
    let resolution = Resolution::Complete(response);
    let lost = store.resolve(step.id, step.fence, resolution).await;
    assert_eq!(lost.expect("an answer"), Update::Lost);
    assert_eq!(store.used_bytes(), before);
}

/// A full store answers a completion that is delivered twice, since it takes no more room.
#[tokio::test]
async fn a_full_store_answers_a_repeated_completion() {
    let store = MemoryIdempotencyStore::new()
        .max_bytes(64 << 10)
        .clock(clock());
    let step = start(&store, 1).await.expect("room");
    let response = Bytes::from(vec![0; 40 << 10]);
    for _ in 0..2 {
        let update = store.complete(step, response.clone()).await;
        assert_eq!(update.expect("room"), Update::Applied);
    }
    let other = start(&store, 2).await.expect("room");
    let error = store.complete(other, response).await.expect_err("no room");
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
}

/// A buffer that tells when it is freed.
struct Buffer(Arc<[u8]>);

impl Buffer {
    fn watched() -> (Bytes, Weak<[u8]>) {
        let bytes: Arc<[u8]> = vec![7; 100_000].into();
        let weak = Arc::downgrade(&bytes);
        (Bytes::from_owner(Self(bytes)), weak)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A response that is a part of a larger buffer does not keep that buffer.
#[tokio::test]
async fn a_part_of_a_buffer_is_kept_without_the_rest() {
    let clock = clock();
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let completed = start(&store, 1).await.expect("room");
    let resolved = start(&store, 2).await.expect("room");
    let (buffer, weak) = Buffer::watched();
    let update = store.complete(completed, buffer.slice(10..20)).await;
    assert_eq!(update.expect("room"), Update::Applied);
    clock.advance(Duration::from_secs(60));
    let resolution = Resolution::Complete(buffer.slice(20..30));
    let update = store.resolve(resolved.id, resolved.fence, resolution).await;
    assert_eq!(update.expect("room"), Update::Applied);
    drop(buffer);
    assert!(weak.upgrade().is_none(), "the buffer is still there");
    for number in [1, 2] {
        let replay = store.begin(id(number), claim(9)).await.expect("an answer");
        let expected = Admission::Replay(Bytes::from_static(&[7; 10]));
        assert_eq!(replay, expected);
    }
}

/// Records whose lease was extended hold up no claim: each claim looks at two of them.
#[tokio::test]
async fn a_claim_looks_at_few_extended_records() {
    const SHARDS: u32 = 64;
    let clock = clock();
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let second = Duration::from_secs(1);
    let brief = |number: u32| -> Claim {
        let retention = Retention::new(second);
        claim(number).with_lease(second).with_retention(retention)
    };
    // All in one shard: 100 that are extended, and then one that expires.
    for number in (0..100).map(|number| number * SHARDS) {
        let begun = store.begin(id(number), brief(number)).await;
        let Ok(Admission::Started { fence, .. }) = begun else {
            panic!("{begun:?}");
        };
        let step = Step::new(id(number), brief(number).owner, fence);
        let renewed = store.renew(step, second * 1_000).await;
        assert_eq!(renewed.expect("an answer"), Update::Applied);
    }
    let last = brief(100 * SHARDS).with_lease(second * 5);
    let begun = store.begin(id(100 * SHARDS), last).await.expect("room");
    assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
    clock.advance(second * 20);
    let next = claim(101 * SHARDS);
    let begun = store.begin(id(101 * SHARDS), next).await.expect("room");
    assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
    assert_eq!(store.len(), 102, "the claim went through all of them");
    // A purge goes on until it finds what it looks for.
    let purged = store.purge(NonZeroUsize::MIN).await;
    assert_eq!(purged.expect("an answer"), 1);
    assert_eq!(store.len(), 101);
}
