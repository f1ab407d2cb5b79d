use std::time::Duration;

use bytes::Bytes;
use tower_conditional::{
    idempotency::{KeyState, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection},
};
use tower_conditional_testing::Engine;

use super::{Bench, COMPLETED, NOW, RELEASED, SEALED, ended, held, lost};
use crate::{record::StoredRecord, support::id};

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
