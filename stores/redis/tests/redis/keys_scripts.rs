//! Each script as a table: the record before, the step, its answer, and the record after.

use std::time::Duration;

use bytes::Bytes;
use redis::aio::ConnectionManager;
use tower_conditional::{
    idempotency::{
        Admission, Claim, Fingerprint, KeyState, Owner, Resolution, Retention, SealReason, Update,
    },
    store::{IdempotencyStore, Inspection, Step},
};
use tower_conditional_redis::RedisIdempotencyStore;
use tower_conditional_testing::{Engine, RedisServer};

use crate::{
    record::{StoredRecord, set_value, value},
    support::{clock_at, connection, id, key_name, store_with_clock},
};

/// The time of each step.
const NOW: u64 = 1_800_000_000_000;

const IN_FLIGHT: u64 = 0;
const COMPLETED: u64 = 1;
const SEALED: u64 = 2;
const RELEASED: u64 = 3;

/// A server, and one record on it.
struct Bench {
    store: RedisIdempotencyStore<ConnectionManager>,
    connection: ConnectionManager,
    key: String,
}

impl Bench {
    async fn on(engine: Engine) -> Self {
        let server = RedisServer::shared(engine);
        let (store, prefix) = store_with_clock(server, &clock_at(NOW)).await;
        Self {
            store,
            connection: connection(server).await,
            key: key_name(&prefix, 1),
        }
    }

    async fn set(&self, record: &StoredRecord) {
        set_value(&self.connection, &self.key, &record.pack()).await;
    }

    async fn record(&self) -> Option<StoredRecord> {
        let value = value(&self.connection, &self.key).await;
        value.map(|packed| StoredRecord::unpack(&packed))
    }
}

/// Returns the record of an attempt with 4 s left of its lease: the third fence of the second
/// attempt, with a retention of 20 s and a tombstone of 5 s.
fn held() -> StoredRecord {
    StoredRecord {
        fingerprint: Fingerprint::custom("request").to_bytes().to_vec(),
        owner: vec![1; 16],
        fence: 3,
        attempt: 2,
        takes_over: 0,
        state: IN_FLIGHT,
        detail: NOW + 4_000,
        replay: 20_000,
        tombstone: 5_000,
        expires: NOW + 24_000,
        response: Vec::new(),
    }
}

/// Returns the record of an attempt whose lease ends now.
fn lost() -> StoredRecord {
    StoredRecord {
        detail: NOW,
        expires: NOW + 20_000,
        ..held()
    }
}

fn ended(state: u64, detail: u64, response: &[u8]) -> StoredRecord {
    StoredRecord {
        state,
        detail,
        response: response.to_vec(),
        expires: NOW + 20_000,
        ..held()
    }
}

fn claim(owner: u8) -> Claim {
    Claim::new(Fingerprint::custom("request"), Owner::from([owner; 16]))
        .with_lease(Duration::from_secs(10))
        .with_retention(Retention::new(Duration::from_secs(60)))
}

/// Returns the record that `claim` starts.
fn begun(owner: u8, fence: u64, takes_over: u64) -> StoredRecord {
    StoredRecord {
        owner: vec![owner; 16],
        fence,
        attempt: fence.saturating_sub(1).max(1),
        takes_over,
        detail: NOW + 10_000,
        replay: 60_000,
        tombstone: 0,
        expires: NOW + 70_000,
        ..held()
    }
}

const fn started(fence: u64, attempt: u32, takes_over: bool) -> Admission<Bytes> {
    Admission::Started {
        fence,
        attempt,
        takes_over,
    }
}

/// R-IK07-2.6-b, P-ID-takeover: a claim, and the record that it finds.
#[tokio::test]
async fn begin() {
    let other_version = {
        let mut bytes = Fingerprint::custom("other").to_bytes();
        bytes[0] = 9;
        bytes.to_vec()
    };
    let other_request = Fingerprint::custom("other").to_bytes().to_vec();
    let expired = |tombstone, state| StoredRecord {
        expires: NOW,
        tombstone,
        ..ended(state, 0, b"old")
    };
    let retry_after = Duration::from_secs(4);
    let over = claim(2).with_takeover(true);
    let paid = || Admission::Replay(Bytes::from_static(b"paid"));
    // The record before, the claim, the answer, and the record after if it is another one.
    let rows = [
        (None, claim(2), started(1, 1, false), Some(begun(2, 1, 0))),
        (Some(held()), claim(1), started(3, 2, false), None),
        (
            Some(held()),
            claim(2),
            Admission::InFlight { retry_after },
            None,
        ),
        (
            Some(held()),
            over,
            Admission::InFlight { retry_after },
            None,
        ),
        (
            Some(StoredRecord {
                detail: NOW + 1,
                ..held()
            }),
            claim(2),
            Admission::InFlight {
                retry_after: Duration::from_millis(1),
            },
            None,
        ),
        (
            Some(StoredRecord {
                fingerprint: other_request.clone(),
                ..held()
            }),
            claim(1),
            Admission::Mismatch,
            None,
        ),
        (
            Some(StoredRecord {
                fingerprint: other_version,
                ..ended(COMPLETED, 0, b"paid")
            }),
            claim(2),
            paid(),
            None,
        ),
        (
            Some(lost()),
            claim(2),
            Admission::Unknown { fence: 3 },
            None,
        ),
        (
            Some(lost()),
            claim(1),
            Admission::Unknown { fence: 3 },
            None,
        ),
        (
            Some(lost()),
            over,
            started(4, 3, true),
            Some(begun(2, 4, 1)),
        ),
        // The attempt cannot take over from itself.
        (
            Some(lost()),
            claim(1).with_takeover(true),
            Admission::Unknown { fence: 3 },
            None,
        ),
        (
            Some(StoredRecord {
                fingerprint: other_request.clone(),
                ..lost()
            }),
            over,
            Admission::Mismatch,
            None,
        ),
        (Some(ended(COMPLETED, 0, b"paid")), claim(2), paid(), None),
        (Some(ended(COMPLETED, 0, b"paid")), claim(1), paid(), None),
        (
            Some(StoredRecord {
                fingerprint: other_request.clone(),
                ..ended(COMPLETED, 0, b"")
            }),
            claim(2),
            Admission::Mismatch,
            None,
        ),
        (
            Some(ended(SEALED, 1, b"")),
            claim(2),
            Admission::Sealed(SealReason::TooLarge),
            None,
        ),
        // Another request may use a key that was released.
        (
            Some(StoredRecord {
                fingerprint: other_request,
                ..ended(RELEASED, 0, b"")
            }),
            claim(2),
            started(4, 3, false),
            Some(begun(2, 4, 0)),
        ),
        (
            Some(ended(RELEASED, 0, b"")),
            claim(1),
            started(3, 2, false),
            None,
        ),
        (
            Some(expired(1, COMPLETED)),
            claim(2),
            Admission::Expired,
            None,
        ),
        (
            Some(expired(1, RELEASED)),
            claim(2),
            started(4, 3, false),
            Some(begun(2, 4, 0)),
        ),
        // The fence never goes back.
        (
            Some(expired(0, COMPLETED)),
            claim(1),
            started(4, 3, false),
            Some(begun(1, 4, 0)),
        ),
    ];
    for engine in Engine::tested() {
        for (index, (before, claim, answer, after)) in rows.iter().enumerate() {
            let bench = Bench::on(engine).await;
            if let Some(record) = before {
                bench.set(record).await;
            }
            let begun = bench.store.begin(id(1), *claim).await.expect("an answer");
            assert_eq!(begun, *answer, "{engine:?}, row {index}");
            let after = after.as_ref().or(before.as_ref());
            assert_eq!(
                bench.record().await.as_ref(),
                after,
                "{engine:?}, row {index}"
            );
        }
    }
}

/// P-ID-fencing, P-ID-lease: a renewal changes the lease of the attempt that holds the key.
#[tokio::test]
async fn renew() {
    let renewed = StoredRecord {
        detail: NOW + 7_000,
        expires: NOW + 27_000,
        ..held()
    };
    let rows = [
        (None, 1, 3, Update::Lost, None),
        (Some(held()), 1, 3, Update::Applied, Some(renewed)),
        (Some(held()), 2, 3, Update::Lost, None),
        (Some(held()), 1, 2, Update::Lost, None),
        (Some(held()), 1, u64::MAX, Update::Lost, None),
        (Some(lost()), 1, 3, Update::Lost, None),
        (Some(ended(COMPLETED, 0, b"")), 1, 3, Update::Lost, None),
        (Some(ended(RELEASED, 0, b"")), 1, 3, Update::Lost, None),
        // The lease of a seal would lie in its reason.
        (Some(ended(SEALED, NOW + 1, b"")), 1, 3, Update::Lost, None),
    ];
    for engine in Engine::tested() {
        for (index, (before, owner, fence, answer, after)) in rows.iter().enumerate() {
            let bench = Bench::on(engine).await;
            if let Some(record) = before {
                bench.set(record).await;
            }
            let step = Step::new(id(1), Owner::from([*owner; 16]), *fence);
            let renewed = bench.store.renew(step, Duration::from_secs(7)).await;
            assert_eq!(renewed.expect("an answer"), *answer, "row {index}");
            let after = after.as_ref().or(before.as_ref());
            assert_eq!(bench.record().await.as_ref(), after, "row {index}");
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum End {
    Complete(&'static [u8]),
    Release,
    Seal(SealReason),
}

/// P-ID-fencing: an end changes the record of the attempt that holds the key, and counts once.
#[tokio::test]
async fn end() {
    let paid = End::Complete(b"paid");
    let policy = End::Seal(SealReason::Policy);
    let late = |record: StoredRecord| StoredRecord {
        expires: NOW + 1,
        ..record
    };
    let completed = || ended(COMPLETED, 0, b"paid");
    let sealed = || ended(SEALED, 3, b"");
    let released = || ended(RELEASED, 0, b"");
    let rows = [
        (None, (1, 3), paid, Update::Lost, None),
        (
            Some(held()),
            (1, 3),
            paid,
            Update::Applied,
            Some(completed()),
        ),
        (
            Some(held()),
            (1, 3),
            policy,
            Update::Applied,
            Some(sealed()),
        ),
        (
            Some(held()),
            (1, 3),
            End::Release,
            Update::Applied,
            Some(released()),
        ),
        (Some(held()), (2, 3), paid, Update::Lost, None),
        (Some(held()), (1, 2), End::Release, Update::Lost, None),
        (Some(held()), (1, u64::MAX), paid, Update::Lost, None),
        (Some(lost()), (1, 3), paid, Update::Lost, None),
        (Some(lost()), (1, 3), policy, Update::Lost, None),
        // A repeated step changes nothing, the retention included.
        (
            Some(late(completed())),
            (1, 3),
            End::Complete(b"other"),
            Update::Applied,
            None,
        ),
        (Some(late(sealed())), (1, 3), policy, Update::Applied, None),
        (
            Some(late(released())),
            (1, 3),
            End::Release,
            Update::Applied,
            None,
        ),
        (Some(completed()), (2, 3), paid, Update::Lost, None),
        (Some(completed()), (1, 4), paid, Update::Lost, None),
        (Some(completed()), (1, 3), End::Release, Update::Lost, None),
        (
            Some(sealed()),
            (1, 3),
            End::Seal(SealReason::TooLarge),
            Update::Lost,
            None,
        ),
        (Some(released()), (1, 3), paid, Update::Lost, None),
    ];
    for engine in Engine::tested() {
        for (index, (before, (owner, fence), end, answer, after)) in rows.iter().enumerate() {
            let bench = Bench::on(engine).await;
            if let Some(record) = before {
                bench.set(record).await;
            }
            let step = Step::new(id(1), Owner::from([*owner; 16]), *fence);
            let updated = match *end {
                End::Complete(response) => {
                    let response = Bytes::from_static(response);
                    bench.store.complete(step, response).await
                }
                End::Release => bench.store.release(step).await,
                End::Seal(reason) => bench.store.seal(step, reason).await,
            };
            assert_eq!(updated.expect("an answer"), *answer, "row {index}");
            let after = after.as_ref().or(before.as_ref());
            assert_eq!(bench.record().await.as_ref(), after, "row {index}");
        }
    }
}

/// An operator settles a lost attempt once, and takes the key over.
#[tokio::test]
async fn resolve() {
    let settled = |state, detail, response: &[u8]| StoredRecord {
        fence: 4,
        ..ended(state, detail, response)
    };
    let late = |record: StoredRecord| StoredRecord {
        expires: NOW + 1,
        ..record
    };
    let paid = Resolution::Complete(Bytes::from_static(b"paid"));
    let free = Resolution::Release;
    let expired = StoredRecord {
        expires: NOW,
        ..lost()
    };
    let rows = [
        (None, 3, &paid, Update::Lost, None),
        (
            Some(lost()),
            3,
            &paid,
            Update::Applied,
            Some(settled(COMPLETED, 0, b"paid")),
        ),
        (
            Some(lost()),
            3,
            &free,
            Update::Applied,
            Some(settled(RELEASED, 0, b"")),
        ),
        (
            Some(lost()),
            3,
            &Resolution::Seal,
            Update::Applied,
            Some(settled(SEALED, 4, b"")),
        ),
        (Some(held()), 3, &paid, Update::Lost, None),
        (Some(lost()), 2, &paid, Update::Lost, None),
        (Some(lost()), 4, &paid, Update::Lost, None),
        (Some(lost()), u64::MAX, &paid, Update::Lost, None),
        (Some(expired), 3, &paid, Update::Lost, None),
        (
            Some(late(settled(COMPLETED, 0, b"paid"))),
            3,
            &paid,
            Update::Applied,
            None,
        ),
        (
            Some(settled(COMPLETED, 0, b"other")),
            3,
            &paid,
            Update::Lost,
            None,
        ),
        (
            Some(settled(RELEASED, 0, b"")),
            3,
            &free,
            Update::Applied,
            None,
        ),
        (
            Some(settled(SEALED, 3, b"")),
            3,
            &Resolution::Seal,
            Update::Lost,
            None,
        ),
        (
            Some(ended(COMPLETED, 0, b"paid")),
            3,
            &paid,
            Update::Lost,
            None,
        ),
    ];
    for engine in Engine::tested() {
        for (index, (before, fence, resolution, answer, after)) in rows.iter().enumerate() {
            let bench = Bench::on(engine).await;
            if let Some(record) = before {
                bench.set(record).await;
            }
            let resolution = Resolution::clone(resolution);
            let resolved = bench.store.resolve(id(1), *fence, resolution).await;
            assert_eq!(resolved.expect("an answer"), *answer, "row {index}");
            let after = after.as_ref().or(before.as_ref());
            assert_eq!(bench.record().await.as_ref(), after, "row {index}");
        }
    }
}

/// P-ID-lease: operators see the state, and that an outcome is unknown.
#[tokio::test]
async fn inspect() {
    let found = |state, is_unknown| Some(Inspection::new(state, is_unknown, 3, 2));
    let lease_until = |millis| KeyState::InFlight {
        lease_until: Duration::from_millis(millis),
    };
    let expired = StoredRecord {
        expires: NOW,
        ..ended(COMPLETED, 0, b"paid")
    };
    let rows = [
        (None, None),
        (Some(held()), found(lease_until(NOW + 4_000), false)),
        (Some(lost()), found(lease_until(NOW), true)),
        (
            Some(ended(COMPLETED, 0, b"paid")),
            found(KeyState::Completed(Bytes::from_static(b"paid")), false),
        ),
        (
            Some(ended(SEALED, 2, b"")),
            found(KeyState::Sealed(SealReason::Unrepeatable), false),
        ),
        (
            Some(ended(RELEASED, 0, b"")),
            found(KeyState::Released, false),
        ),
        (Some(expired), None),
    ];
    for engine in Engine::tested() {
        for (index, (before, answer)) in rows.iter().enumerate() {
            let bench = Bench::on(engine).await;
            if let Some(record) = before {
                bench.set(record).await;
            }
            let inspected = bench.store.inspect(id(1)).await.expect("an answer");
            assert_eq!(inspected, *answer, "row {index}");
            assert_eq!(bench.record().await, *before, "row {index}");
        }
    }
}
