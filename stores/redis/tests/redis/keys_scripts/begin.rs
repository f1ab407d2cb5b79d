use std::time::Duration;

use bytes::Bytes;
use tower_conditional::{
    idempotency::{Admission, Claim, Fingerprint, Owner, Retention, SealReason},
    store::IdempotencyStore,
};
use tower_conditional_testing::Engine;

use super::{Bench, COMPLETED, NOW, RELEASED, SEALED, ended, held, lost};
use crate::{record::StoredRecord, support::id};

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

/// Returns the record of the attempt 1, once it has claimed again.
fn resumed(takes_over: u64) -> StoredRecord {
    StoredRecord {
        attempt: 2,
        ..begun(1, 4, takes_over)
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
        // The same attempt claims again.
        (
            Some(lost()),
            claim(1),
            started(4, 2, false),
            Some(resumed(0)),
        ),
        (
            Some(lost()),
            over,
            started(4, 3, true),
            Some(begun(2, 4, 1)),
        ),
        // The attempt does not take over from itself.
        (
            Some(lost()),
            claim(1).with_takeover(true),
            started(4, 2, false),
            Some(resumed(0)),
        ),
        (
            Some(StoredRecord {
                takes_over: 1,
                ..lost()
            }),
            claim(1),
            started(4, 2, true),
            Some(resumed(1)),
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
