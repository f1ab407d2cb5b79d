//! A server whose limits are reached, or whose rights change.

use std::{pin::pin, sync::atomic::Ordering};

use bytes::Bytes;
use http::Response;
use tokio::time::timeout;
use tower_conditional::{
    IdempotencyLayer,
    idempotency::{Admission, Owner, Update},
    store::{IdempotencyStore, Step, StoreErrorKind},
};
use tower_conditional_postgres::{GuardError, Guarded, PostgresIdempotencyStore, Target};

use crate::support::{
    LONG, connection, database, if_match,
    keys::{claim, id, payments, send, set, set_on, store},
    lease, notes, pool_as, row, run, skip_timeout, tag, waiting,
};

fn step(number: u8, owner: u8, fence: u64) -> Step {
    Step::new(id(number), Owner::from([owner; 16]), fence)
}

/// P-ID-store-down: a statement that the server cancels at its own timeout has changed nothing.
#[tokio::test]
async fn a_statement_that_times_out_on_the_server_is_not_applied() {
    let pool = database();
    let store = store(&pool).await;
    let mut holder = connection(&pool).await;
    // After the installation, which may take longer.
    set(&pool, "statement_timeout", "50").await;
    let tx = holder.transaction().await.expect("a transaction");
    tx.batch_execute("LOCK TABLE conditional_idempotency")
        .await
        .expect("a lock");
    let error = store
        .begin(id(1), claim(1))
        .await
        .expect_err("it is locked");
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    tx.rollback().await.expect("a rollback");
    assert!(store.inspect(id(1)).await.expect("an answer").is_none());
}

/// P-ID-store-down: a database that only reads refuses claims and guards, and its tags are read.
#[tokio::test]
async fn a_read_only_database_refuses_writes_and_reads_tags() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let store = store(&pool).await;
    store.begin(id(1), claim(1)).await.expect("a claim");
    let before = tag(&pool, &row(1)).await;
    let admin = connection(&pool).await;
    set_on(&admin, "default_transaction_read_only", "on").await;
    pool.retain(|_, _| false);
    for number in [1, 2] {
        let error = store
            .begin(id(number), claim(2))
            .await
            .expect_err("it only reads");
        assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    }
    assert_eq!(tag(&pool, &row(1)).await, before);
    for expected in [if_match(&before), if_match("\"another\"")] {
        let mut lease = lease(&pool).await;
        let refused = Guarded::begin(&mut lease, expected, Target::scope(row(1))).await;
        assert!(
            matches!(refused, Err(GuardError::Database(_))),
            "{refused:?}"
        );
    }
    set_on(&admin, "default_transaction_read_only", "off").await;
    pool.retain(|_, _| false);
    let begun = store.begin(id(1), claim(2)).await.expect("a claim");
    assert!(matches!(begun, Admission::InFlight { .. }), "{begun:?}");
}

/// P-ID-store-down: rights that are taken away between the claim and its end withhold the
/// response, and the request does not run again.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_meanwhile_runs_nothing_twice() {
    let admin = database();
    store(&admin).await;
    let grants = ["SELECT, INSERT, UPDATE, DELETE ON conditional_idempotency"];
    let weak = pool_as(&admin, "keys", &grants).await;
    let name: String = connection(&weak)
        .await
        .query_one("SELECT current_user::text", &[])
        .await
        .expect("a name")
        .get(0);
    let layer = IdempotencyLayer::for_anyone(PostgresIdempotencyStore::new(weak.clone()));
    let revoke = format!("REVOKE UPDATE ON conditional_idempotency FROM {name}");
    let (service, runs) = payments(&layer, &admin, move |admin, _| {
        let revoke = revoke.clone();
        async move {
            run(&admin, &revoke).await;
            Ok(Response::new(Bytes::from("paid")))
        }
    });
    assert_eq!(send(&service, "a").await, (503, false));
    assert_eq!(send(&service, "a").await, (503, false));
    let grant = format!("GRANT UPDATE ON conditional_idempotency TO {name}");
    run(&admin, &grant).await;
    assert_eq!(send(&service, "a").await, (409, false));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// Row-level security that hides a record does not make it look absent.
#[tokio::test]
async fn a_hidden_record_is_no_missing_record() {
    let admin = database();
    let all = store(&admin).await;
    all.begin(id(1), claim(1)).await.expect("a claim");
    assert_eq!(
        all.complete(step(1, 1, 1), Bytes::from("paid"))
            .await
            .expect("an answer"),
        Update::Applied
    );
    run(
        &admin,
        "ALTER TABLE conditional_idempotency ENABLE ROW LEVEL SECURITY",
    )
    .await;
    for policy in [
        "CREATE POLICY hiding ON conditional_idempotency USING (state <> 1) WITH CHECK (true)",
        "ALTER POLICY hiding ON conditional_idempotency USING (false)",
        "DROP POLICY hiding ON conditional_idempotency",
    ] {
        run(&admin, policy).await;
        let grants = ["SELECT, INSERT, UPDATE, DELETE ON conditional_idempotency"];
        let role = format!("keys_{}", policy.len());
        let weak = pool_as(&admin, &role, &grants).await;
        let weak = PostgresIdempotencyStore::new(weak);
        let begun = weak.begin(id(1), claim(2)).await;
        assert!(begun.is_err(), "{begun:?} with {policy}");
    }
}

/// P-ID-store-down: a claim that waits behind a long lock gives up, and the server runs it late.
/// It is given back, so that the key is not stuck.
#[tokio::test]
async fn a_claim_behind_a_long_lock_leaves_no_stuck_key() {
    let pool = database();
    let store = store(&pool).await.timeout(LONG);
    let layer = IdempotencyLayer::for_anyone(store);
    let paid = |_, _| async { Ok(Response::new(Bytes::from("paid"))) };
    let (service, runs) = payments(&layer, &pool, paid);
    let mut holder = connection(&pool).await;
    let tx = holder.transaction().await.expect("a transaction");
    tx.batch_execute("LOCK TABLE conditional_idempotency")
        .await
        .expect("a lock");
    let mut sent = pin!(send(&service, "a"));
    tokio::select! {
        answer = &mut sent => panic!("{answer:?}"),
        () = waiting(&pool, 1) => {}
    }
    assert_eq!(skip_timeout(sent).await, (503, false));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    tx.rollback().await.expect("a rollback");
    // Until the late claim is given back.
    let free = async { while send(&service, "a").await.0 != 200 {} };
    timeout(LONG, free).await.expect("a key that is free again");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
