use std::{num::NonZeroUsize, time::Duration};

use bytes::Bytes;

use super::{check, clock};
use crate::{
    semantics::retry::{
        Admission, Claim, Fingerprint, Owner, RecordId, Retention, SealReason, Update,
    },
    store::{IdempotencyStore, MemoryIdempotencyStore, Step, StoreErrorKind},
};

pub(super) fn id(number: u32) -> RecordId {
    let mut bytes = [0; 32];
    bytes[28..].copy_from_slice(&number.to_be_bytes());
    RecordId::from(bytes)
}

pub(super) fn claim(number: u32) -> Claim {
    let mut owner = [0; 16];
    owner[..4].copy_from_slice(&number.to_be_bytes());
    Claim::new(Fingerprint::custom("request"), Owner::from(owner))
}

pub(super) async fn start(store: &MemoryIdempotencyStore, number: u32) -> Option<Step> {
    match store.begin(id(number), claim(number)).await {
        Ok(Admission::Started { fence, .. }) => {
            Some(Step::new(id(number), claim(number).owner, fence))
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            assert_eq!(error.kind(), StoreErrorKind::NotApplied);
            None
        }
    }
}

#[tokio::test]
async fn the_store_in_memory_keeps_the_rules() {
    let make = |clock| MemoryIdempotencyStore::new().clock(clock);
    check(make).await.expect("every rule");
}

/// P-ID-purge: a full store refuses new keys, and drops none of those that it has.
#[tokio::test]
async fn a_full_store_drops_nothing() {
    let clock = clock();
    let store = MemoryIdempotencyStore::new()
        .max_bytes(1 << 20)
        .clock(clock.clone());
    let mut begun = Vec::new();
    for number in 0..100_000 {
        if let Some(step) = start(&store, number).await {
            begun.push(step);
        }
    }
    assert!(begun.len() > 1_000, "{}", begun.len());
    assert!(store.used_bytes() <= 1 << 20, "{}", store.used_bytes());
    assert_eq!(store.len(), begun.len());
    // Each is still in flight, and none runs again.
    for step in &begun {
        let retry = Claim::new(Fingerprint::custom("request"), Owner::from([9; 16]));
        let admission = store.begin(step.id, retry).await.expect("an answer");
        assert!(
            matches!(admission, Admission::InFlight { .. }),
            "{admission:?}"
        );
    }
    // Expired ones make room by themselves.
    clock.advance(Duration::from_secs(25 * 60 * 60));
    assert!(start(&store, 200_000).await.is_some());
    let batch = NonZeroUsize::MAX;
    assert!(store.purge(batch).await.expect("a purge") > 1_000);
    assert_eq!(store.len(), 1);
}

/// A response for which there is no room is refused, and its key can be sealed.
#[tokio::test]
async fn a_response_without_room_is_refused() {
    let store = MemoryIdempotencyStore::new()
        .max_bytes(64 << 10)
        .clock(clock());
    let step = start(&store, 1).await.expect("room for a record");
    let large = Bytes::from(vec![0; 64 << 10]);
    let error = store.complete(step, large).await.expect_err("no room");
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    let sealed = store.seal(step, SealReason::TooLarge);
    assert_eq!(sealed.await.expect("an answer"), Update::Applied);
}

#[tokio::test]
async fn the_bytes_of_ended_records_are_given_back() {
    let clock = clock();
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let before = {
        let step = start(&store, 1).await.expect("room");
        let _ = store.release(step).await;
        store.used_bytes()
    };
    let short = claim(2).with_retention(Retention::new(Duration::from_secs(1)));
    let Ok(Admission::Started { fence, .. }) = store.begin(id(2), short).await else {
        panic!("a new key");
    };
    let step = Step::new(id(2), short.owner, fence);
    let update = store.complete(step, Bytes::from(vec![0; 10_000])).await;
    assert_eq!(update.expect("room"), Update::Applied);
    assert!(store.used_bytes() >= before + 10_000);
    clock.advance(Duration::from_secs(100));
    assert_eq!(store.purge(NonZeroUsize::MIN).await.expect("a purge"), 1);
    assert!(
        store.used_bytes() <= before,
        "{} > {before}",
        store.used_bytes()
    );
}

/// The clock of the machine may be set: no lease runs out, and no retention.
#[tokio::test(start_paused = true)]
async fn time_is_monotonic_unless_a_clock_is_set() {
    let store = MemoryIdempotencyStore::new();
    let step = start(&store, 1).await.expect("room");
    tokio::time::advance(Duration::from_secs(29)).await;
    assert_eq!(
        store
            .seal(step, SealReason::Policy)
            .await
            .expect("an answer"),
        Update::Applied
    );
    let step = start(&store, 2).await.expect("room");
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(
        store
            .seal(step, SealReason::Policy)
            .await
            .expect("an answer"),
        Update::Lost
    );
}

/// Records that come and go leave the others where they are, and give their memory back.
#[tokio::test]
async fn records_that_end_move_no_other() {
    let clock = clock();
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let short = Retention::new(Duration::from_secs(1));
    for number in 0..20_000 {
        let claim = match number % 10 {
            0 => claim(number),
            _ => claim(number).with_retention(short),
        };
        let begun = store.begin(id(number), claim).await.expect("room");
        assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
    }
    let full = store.used_bytes();
    clock.advance(Duration::from_secs(100));
    assert_eq!(
        store.purge(NonZeroUsize::MAX).await.expect("a purge"),
        18_000
    );
    assert_eq!(store.len(), 2_000);
    assert!(store.used_bytes() < full / 3, "{}", store.used_bytes());
    for number in 0..20_000 {
        let found = store.inspect(id(number)).await.expect("an answer");
        assert_eq!(found.is_some(), number % 10 == 0, "{number}");
    }
}
