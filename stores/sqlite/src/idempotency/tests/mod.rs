use std::{
    future::ready,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use tower_conditional::{
    clock::ManualClock,
    idempotency::{Admission, Claim, Fingerprint, KeyState, Owner, RecordId, Retention, Update},
    store::{IdempotencyStore, Step, StoreErrorKind, contract},
};

use super::{SqliteIdempotencyStore, store_error};
use crate::{Database, Error, ErrorKind, test_support::TempFile};

mod broken_files;
mod full_disk;
mod history;
mod keyed;
mod principals;
mod released;
mod rolled_back;

const START: Duration = Duration::from_secs(1_000_000);

/// P-ID-fencing, P-ID-lease, P-ID-takeover: the rules of all stores, at whole milliseconds and
/// between them.
#[tokio::test]
async fn the_store_keeps_the_rules() {
    for part in [0, 1, 500, 999] {
        let file = TempFile::new();
        let database = Database::open(&file).unwrap();
        let start = START + Duration::from_micros(part);
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH + start);
        let store = SqliteIdempotencyStore::new(database).clock(clock.clone());
        store.install().await.unwrap();
        store.install().await.unwrap();
        let pass = |time| {
            clock.advance(time);
            ready(())
        };
        contract::check(&Arc::new(store), Duration::from_secs(10), pass)
            .await
            .unwrap();
    }
}

/// P-ID-purge: a record is removed only when a claim would not see it any more, also in parts of a
/// millisecond.
#[tokio::test]
async fn a_purge_is_never_early() {
    let (replay, tombstone) = (Duration::from_micros(2_300), Duration::from_micros(1_400));
    let retention = Retention::new(replay).with_tombstone(tombstone);
    for part in [0, 1, 500, 999] {
        let start = START + Duration::from_micros(part);
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH + start);
        let store = SqliteIdempotencyStore::new(Database::in_memory().unwrap());
        let store = store.clock(clock.clone());
        store.install().await.unwrap();
        let (id, owner) = (RecordId::from([1; 32]), Owner::from([1; 16]));
        let claim = |owner| {
            let claim = Claim::new(Fingerprint::custom("request"), Owner::from([owner; 16]));
            claim.with_retention(retention)
        };
        let begun = store.begin(id, claim(1)).await.unwrap();
        assert!(matches!(begun, Admission::Started { fence: 1, .. }));
        let step = Step::new(id, owner, 1);
        let completed = store.complete(step, Bytes::from("paid")).await.unwrap();
        assert_eq!(completed, Update::Applied);
        let mut passed = Duration::ZERO;
        while store.purge(NonZeroUsize::MIN).await.unwrap() == 0 {
            let retry = store.begin(id, claim(2)).await.unwrap();
            let is_expired = match retry {
                Admission::Replay(_) => false,
                Admission::Expired => true,
                other => panic!("{other:?} after {passed:?}"),
            };
            assert!(is_expired || passed <= replay + Duration::from_millis(1));
            clock.advance(Duration::from_micros(100));
            passed += Duration::from_micros(100);
        }
        // Both are rounded up.
        let kept = Duration::from_millis(5);
        let passed = passed + Duration::from_micros(part);
        assert!(passed >= kept, "after {passed:?}");
        assert!(passed < kept + Duration::from_millis(1), "after {passed:?}");
    }
}

pub(super) fn id(number: u8) -> RecordId {
    RecordId::from([number; 32])
}

pub(super) fn claim(request: &str, owner: u8) -> Claim {
    Claim::new(Fingerprint::custom(request), Owner::from([owner; 16]))
}

pub(super) fn step(number: u8, owner: u8, fence: u64) -> Step {
    Step::new(id(number), Owner::from([owner; 16]), fence)
}

/// An operator reads the recorded response, before and after the file is opened again.
#[tokio::test]
async fn an_inspection_has_the_response() {
    let file = TempFile::new();
    let store = SqliteIdempotencyStore::new(Database::open(&file).unwrap());
    store.install().await.unwrap();
    store.begin(id(1), claim("pay", 1)).await.unwrap();
    let paid = Bytes::from("paid");
    let completed = store.complete(step(1, 1, 1), paid.clone()).await.unwrap();
    assert_eq!(completed, Update::Applied);
    for store in [
        store,
        SqliteIdempotencyStore::new(Database::open(&file).unwrap()),
    ] {
        let found = store.inspect(id(1)).await.unwrap().expect("a record");
        assert_eq!(found.state, KeyState::Completed(paid.clone()));
    }
}

/// A commit with an unknown outcome may have recorded the step. Other errors come before it.
#[test]
fn only_an_unknown_commit_is_ambiguous() {
    for (kind, expected) in [
        (ErrorKind::OutcomeUnknown, StoreErrorKind::Ambiguous),
        (ErrorKind::CorruptRecord, StoreErrorKind::Corrupt),
        (ErrorKind::Closed, StoreErrorKind::NotApplied),
        (ErrorKind::RolledBack, StoreErrorKind::NotApplied),
        (ErrorKind::Database, StoreErrorKind::NotApplied),
    ] {
        assert_eq!(store_error(Error::new(kind)).kind(), expected, "{kind:?}");
    }
}
