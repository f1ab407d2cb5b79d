//! The store of idempotency keys, and the transaction that records them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use http::{Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_conditional::{
    IdempotencyLayer,
    idempotency::{Admission, Claim, Fingerprint, Owner, RecordId, Retention},
    store::{IdempotencyStore, StoreErrorKind, contract},
};
use tower_conditional_postgres::{Keyed, KeyedError, Lease};
use tower_conditional_testing::Postgres;

use crate::support::{
    LONG, connection, database,
    keys::{claim, count, id, pay, payments, post, store},
    pool, run, waiting,
};

/// A clock of the server that tests move: its functions come before those of PostgreSQL.
const CLOCK: &str = "
CREATE SCHEMA moved;
CREATE SEQUENCE moved.milliseconds MINVALUE 0;
CREATE FUNCTION moved.by() RETURNS interval LANGUAGE sql AS
    $$SELECT last_value * interval '1 ms' FROM moved.milliseconds$$;
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    'SELECT pg_catalog.clock_timestamp() + moved.by()';
CREATE FUNCTION moved.statement_timestamp() RETURNS timestamptz LANGUAGE sql AS
    'SELECT pg_catalog.statement_timestamp() + moved.by()';
DO $$BEGIN EXECUTE format(
    'ALTER DATABASE %I SET search_path = moved, pg_catalog, public', current_database()); END$$";

/// P-ID-fencing, P-ID-lease, P-ID-takeover: the rules of all stores.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_rules() {
    let url = Postgres::shared().create_database();
    run(&pool(&url), CLOCK).await;
    let pool = pool(&url);
    let store = Arc::new(store(&pool).await);
    let pass = async |time: Duration| {
        let milliseconds = i64::try_from(time.as_millis()).expect("a short time");
        let client = connection(&pool).await;
        let sql = "SELECT setval('moved.milliseconds', last_value + $1) FROM moved.milliseconds";
        let moved = client.query(sql, &[&milliseconds]).await;
        moved.expect("a clock that moves");
    };
    let checked = contract::check(&store, Duration::from_secs(10), pass).await;
    checked.expect("every rule");
}

/// P-ID-fencing: a claim that waits for another one is decided by the record that this one left.
/// The record that was there when the claim was sent does not matter.
#[tokio::test]
async fn a_claim_that_waits_sees_the_newest_record() {
    let pool = database();
    let store = store(&pool).await;
    let claim = |request, number| {
        let claim = Claim::new(Fingerprint::custom(request), Owner::from([number; 16]));
        claim.with_retention(Retention::new(Duration::from_secs(60)))
    };
    let befores = [
        "state = 3",
        "state = 1, response = '', expires = now(), forgotten_at = now()",
        "lease_until = now()",
    ];
    let after = "UPDATE conditional_idempotency SET fence = fence + 1, owner = '', state = 0,
        fingerprint = $2, lease_until = now() + interval '30 s',
        expires = now() + interval '90 s', forgotten_at = now() + interval '90 s'
        WHERE id = $1";
    for (number, before) in (0..).zip(befores) {
        let id = RecordId::from([number; 32]);
        store
            .begin(id, claim("old", 1))
            .await
            .expect("the first claim");
        let sql = format!("UPDATE conditional_idempotency SET {before}");
        run(&pool, &sql).await;

        let mut other = connection(&pool).await;
        let tx = other.transaction().await.expect("a transaction");
        let fingerprint = Fingerprint::custom("new").to_bytes();
        let parameters = (&id.as_bytes()[..], &fingerprint[..]);
        let written = tx.execute(after, &[&parameters.0, &parameters.1]).await;
        assert_eq!(written.expect("a claim"), 1);
        let claims = [claim("new", 3), claim("old", 4)].map(|claim| {
            let store = store.clone();
            tokio::spawn(async move { store.begin(id, claim).await })
        });
        waiting(&pool, 2).await;
        tx.commit().await.expect("a commit");
        let [same, different] = claims;
        let same = same.await.expect("no panic").expect("an answer");
        assert!(matches!(same, Admission::InFlight { .. }), "{same:?}");
        let different = different.await.expect("no panic").expect("an answer");
        assert_eq!(different, Admission::Mismatch, "{before}");
    }
}

/// P-ID-txn, R-IK07-2.6-b: of many requests with a key one is performed, and its effect and its
/// record commit together.
#[tokio::test(flavor = "multi_thread")]
async fn effect_and_record_commit_together() {
    let pool = database();
    let store = store(&pool).await.timeout(LONG);
    let layer = IdempotencyLayer::for_anyone(store).wait_timeout(LONG);
    let (service, runs) = payments(&layer, &pool, |pool, attempt| async move {
        pay(&pool, &attempt).await
    });
    let requests = (0..40).map(|number| {
        let service = service.clone();
        let key = format!("key {}", number % 5);
        tokio::spawn(async move { service.oneshot(post(&key)).await })
    });
    for response in requests.collect::<Vec<_>>() {
        let response = response.await.expect("no panic").expect("a response");
        assert_eq!(response.status(), StatusCode::CREATED);
        let content = response.into_body().collect().await.expect("the content");
        assert_eq!(content.to_bytes(), "paid");
    }
    assert_eq!((runs.load(Ordering::SeqCst), count(&pool).await), (5, 5));
}

/// P-ID-fencing: an attempt that does not hold its key writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_its_key_writes_nothing() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let (service, _) = payments(&layer, &pool, |pool, attempt| async move {
        // As if another replica had taken over.
        let taken = "UPDATE conditional_idempotency SET fence = fence + 1";
        run(&pool, taken).await;
        let lost = pay(&pool, &attempt).await;
        assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
        Ok(Response::default())
    });
    let response = service.oneshot(post("a")).await.expect("a response");
    // The layer lost the key, too, and says so.
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(count(&pool).await, 0);
}

/// P-ID-fencing: the same if it loses the key after its transaction has begun.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_loses_its_key_is_rolled_back() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let (service, _) = payments(&layer, &pool, |pool, attempt| async move {
        let mut lease = Lease::acquire(&pool).await?;
        let tx = Keyed::begin(&mut lease, &attempt).await?;
        tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
        let taken = "UPDATE conditional_idempotency SET fence = fence + 1";
        run(&pool, taken).await;
        let lost = tx.commit(Response::default()).await;
        assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
        Ok(Response::default())
    });
    let response = service.oneshot(post("a")).await.expect("a response");
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(count(&pool).await, 0);
}

/// P-ID-store-down: a claim whose session ended may have been applied, and is not sent again.
#[tokio::test]
async fn a_claim_whose_session_ended_is_ambiguous() {
    let pool = database();
    let store = store(&pool).await;
    let end = "CREATE FUNCTION finish() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
        CREATE TRIGGER finish BEFORE INSERT ON conditional_idempotency
            FOR EACH ROW EXECUTE FUNCTION finish()";
    run(&pool, end).await;
    let begun = store.begin(id(1), claim(1)).await;
    let error = begun.expect_err("the session ended");
    assert_eq!(error.kind(), StoreErrorKind::Ambiguous, "{error}");
}

/// P-ID-store-down: a claim that got no connection was not sent, so nobody has to look after it.
/// One that was sent may have been applied.
#[tokio::test]
async fn a_claim_without_a_connection_changed_nothing() {
    let pool = database();
    let store = store(&pool).await.timeout(Duration::from_millis(50));
    let owner = Owner::from([1; 16]);
    let begin = || {
        let claim = Claim::new(Fingerprint::custom("request"), owner);
        store.begin(RecordId::from([1; 32]), claim)
    };
    let mut all = Vec::new();
    for _ in 0..pool.status().max_size {
        all.push(connection(&pool).await);
    }
    let error = begin().await.expect_err("there is no connection");
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);

    let mut holder = all.pop().expect("a connection");
    let tx = holder.transaction().await.expect("a transaction");
    let lock = "LOCK TABLE conditional_idempotency";
    tx.batch_execute(lock).await.expect("a lock");
    drop(all);
    let error = begin().await.expect_err("the table is locked");
    assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
}
