//! A server whose limits are reached, or whose rights change.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    idempotency::{Admission, Claim, Fingerprint, Owner, RecordId, Update},
    store::{IdempotencyStore, Step, StoreErrorKind},
};
use tower_conditional_postgres::{GuardError, Guarded, PostgresIdempotencyStore, Target};
use tower_conditional_testing::Postgres;

use crate::support::{connection, database, if_match, lease, notes, pool, row, run, tag};

async fn store(pool: &Pool) -> PostgresIdempotencyStore {
    run(pool, PostgresIdempotencyStore::schema_sql()).await;
    run(
        pool,
        "CREATE TABLE IF NOT EXISTS payments (amount integer NOT NULL)",
    )
    .await;
    PostgresIdempotencyStore::new(pool.clone())
}

fn id(number: u8) -> RecordId {
    RecordId::from([number; 32])
}

fn claim(owner: u8) -> Claim {
    Claim::new(Fingerprint::custom("request"), Owner::from([owner; 16]))
}

fn step(number: u8, owner: u8, fence: u64) -> Step {
    Step::new(id(number), Owner::from([owner; 16]), fence)
}

fn post(key: &str) -> Request<Full<Bytes>> {
    Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .expect("a request")
}

const END_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// P-ID-store-down: a statement that the server cancels at its own timeout has changed nothing.
#[tokio::test]
async fn a_statement_that_times_out_on_the_server_is_not_applied() {
    let url = Postgres::shared().create_database();
    run(
        &pool(&url),
        "DO $$BEGIN EXECUTE format(
        'ALTER DATABASE %I SET statement_timeout = 50', current_database()); END$$",
    )
    .await;
    let pool = pool(&url);
    let store = store(&pool).await;
    let mut holder = connection(&pool).await;
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
    let read_only = |on: &str| {
        format!("DO $$BEGIN EXECUTE format(
        'ALTER DATABASE %I SET default_transaction_read_only = {on}', current_database()); END$$; {END_OTHERS}")
    };
    run(&pool, &read_only("on")).await;
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
    let client = connection(&pool).await;
    client
        .batch_execute("SET default_transaction_read_only = off")
        .await
        .expect("a setting");
    client
        .batch_execute(&read_only("off"))
        .await
        .expect("a setting");
    drop(client);
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
    let weak = crate::support::pool_as(&admin, "keys", &grants).await;
    let name: String = connection(&weak)
        .await
        .query_one("SELECT current_user::text", &[])
        .await
        .expect("a name")
        .get(0);
    let layer = IdempotencyLayer::for_anyone(PostgresIdempotencyStore::new(weak.clone()));
    let runs = Arc::new(AtomicUsize::new(0));
    let (handler_runs, handler_admin, role) = (Arc::clone(&runs), admin.clone(), name.clone());
    let service = layer.layer(service_fn(move |_: Request<RequestBody<Full<Bytes>>>| {
        let (runs, admin, role) = (
            Arc::clone(&handler_runs),
            handler_admin.clone(),
            role.clone(),
        );
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            run(
                &admin,
                &format!("REVOKE UPDATE ON conditional_idempotency FROM {role}"),
            )
            .await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("paid")))
        }
    }));
    let first = service
        .clone()
        .oneshot(post("a"))
        .await
        .expect("a response");
    assert_eq!(first.status(), StatusCode::SERVICE_UNAVAILABLE);
    let retry = service
        .clone()
        .oneshot(post("a"))
        .await
        .expect("a response");
    assert_eq!(retry.status(), StatusCode::SERVICE_UNAVAILABLE);
    run(
        &admin,
        &format!("GRANT UPDATE ON conditional_idempotency TO {name}"),
    )
    .await;
    let retry = service
        .clone()
        .oneshot(post("a"))
        .await
        .expect("a response");
    assert_eq!(retry.status(), StatusCode::CONFLICT);
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
        let weak = crate::support::pool_as(&admin, &role, &grants).await;
        let weak = PostgresIdempotencyStore::new(weak);
        let begun = weak.begin(id(1), claim(2)).await;
        assert!(begun.is_err(), "{begun:?} with {policy}");
    }
}

/// P-ID-store-down: a claim that waits behind a long lock gives up, and the server runs it late.
/// It is given back, so that the key is not stuck.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_behind_a_long_lock_leaves_no_stuck_key() {
    let pool = database();
    let store = store(&pool).await.timeout(Duration::from_millis(100));
    let layer = IdempotencyLayer::for_anyone(store.clone());
    let runs = Arc::new(AtomicUsize::new(0));
    let handler_runs = Arc::clone(&runs);
    let service = layer.layer(service_fn(move |_: Request<RequestBody<Full<Bytes>>>| {
        handler_runs.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("paid"))) }
    }));
    let mut holder = connection(&pool).await;
    let tx = holder.transaction().await.expect("a transaction");
    tx.batch_execute("LOCK TABLE conditional_idempotency")
        .await
        .expect("a lock");
    let refused = service
        .clone()
        .oneshot(post("a"))
        .await
        .expect("a response");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    tx.rollback().await.expect("a rollback");
    let free = async {
        loop {
            let retry = service
                .clone()
                .oneshot(post("a"))
                .await
                .expect("a response");
            if retry.status() == StatusCode::OK {
                return;
            }
            // Until the late claim is given back.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free)
        .await
        .expect("a key that is free again");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
