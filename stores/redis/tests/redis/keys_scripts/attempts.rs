use std::time::Duration;

use bytes::Bytes;
use tower_conditional::{
    idempotency::{Owner, SealReason, Update},
    store::{IdempotencyStore, Step},
};
use tower_conditional_testing::Engine;

use super::{Bench, COMPLETED, NOW, RELEASED, SEALED, ended, held, lost};
use crate::{record::StoredRecord, support::id};

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
