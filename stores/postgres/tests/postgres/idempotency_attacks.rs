//! Handlers and databases that do not behave as the store of idempotency keys expects.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use tokio::time::{Instant, timeout};
use tower_conditional::IdempotencyLayer;
use tower_conditional_postgres::{Keyed, KeyedError, Lease};

use crate::support::{
    LONG, connection, database,
    keys::{count, pay, payments, send, set, store},
    run, skip_timeout,
};

/// R-IK07-2.6-b: parallel claims are decided one after the other, whatever the isolation level
/// that a database has by default.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_claims_are_decided_at_each_isolation_level() {
    for level in ["read committed", "repeatable read", "serializable"] {
        let pool = database();
        let store = store(&pool).await.timeout(LONG);
        set(&pool, "default_transaction_isolation", level).await;
        let layer = IdempotencyLayer::for_anyone(store).wait_timeout(LONG);
        let (service, runs) = payments(&layer, &pool, |pool, attempt| async move {
            pay(&pool, &attempt).await
        });
        let sent = (0..60).map(|number| {
            let (service, key) = (service.clone(), format!("key {}", number % 3));
            tokio::spawn(async move { send(&service, &key).await.0 })
        });
        for status in sent.collect::<Vec<_>>() {
            assert_eq!(status.await.expect("no panic"), 201, "{level}");
        }
        let runs = runs.load(Ordering::SeqCst);
        assert_eq!((runs, count(&pool).await), (3, 3), "{level}");
    }
}

/// P-ID-txn: a handler that commits twice, or after its end, has one effect.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_commits_once() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let (service, _) = payments(&layer, &pool, move |pool, attempt| {
        let keep = Arc::clone(&keep);
        async move {
            if attempt.key().as_str() == "late" {
                *keep.lock().expect("no panic") = Some(attempt);
                return Ok(Response::default());
            }
            let paid = pay(&pool, &attempt).await;
            let again = pay(&pool, &attempt).await;
            assert!(matches!(again, Err(KeyedError::Lost)), "{again:?}");
            paid
        }
    });
    assert_eq!(send(&service, "twice").await, (201, false));
    assert_eq!(send(&service, "twice").await, (201, true));
    assert_eq!(send(&service, "late").await, (200, false));
    let late = kept.lock().expect("no panic").take().expect("an attempt");
    let lost = pay(&pool, &late).await;
    assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
    assert_eq!(send(&service, "late").await, (200, true));
    assert_eq!(count(&pool).await, 1);
}

/// P-ID-txn: while one transaction of an attempt is open, no other one begins.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_has_one_transaction_at_a_time() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let (service, _) = payments(&layer, &pool, |pool, attempt| async move {
        let mut lease = Lease::acquire(&pool).await?;
        let tx = Keyed::begin(&mut lease, &attempt).await?;
        let mut other = Lease::acquire(&pool).await?;
        let lost = Keyed::begin(&mut other, &attempt).await;
        assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
        tx.commit(Response::new(Bytes::from("paid"))).await
    });
    assert_eq!(send(&service, "twice").await, (200, false));
    assert_eq!(send(&service, "twice").await, (200, true));
}

/// P-ID-txn: the connection ends in the commit, which is rolled back. The next try pays.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_in_the_commit_has_no_effect() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    run(
        &pool,
        "CREATE SEQUENCE commits;
        CREATE FUNCTION end_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('commits') = 1 THEN
                PERFORM pg_terminate_backend(pg_backend_pid());
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER end_first AFTER INSERT ON payments
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_first();",
    )
    .await;
    let (service, _) = payments(&layer, &pool, |pool, attempt| async move {
        pay(&pool, &attempt).await
    });
    assert_eq!(send(&service, "a").await, (503, false));
    assert_eq!(count(&pool).await, 0);
    // The server tells the client before it gives the locks of the old transaction back.
    let paid = async {
        loop {
            match send(&service, "a").await {
                (503, false) => {}
                answer => break answer,
            }
        }
    };
    let paid = timeout(LONG, paid).await;
    assert_eq!(paid.expect("a payment in time"), (201, false));
    assert_eq!(send(&service, "a").await, (201, true));
    assert_eq!(count(&pool).await, 1);
}

/// P-ID-store-down: a pool without a free connection has sent nothing, so that the request is
/// refused after one timeout, and no claim is left behind.
#[tokio::test]
async fn an_exhausted_pool_is_refused_once() {
    let pool = database();
    let timeout = Duration::from_secs(20);
    let store = store(&pool).await.timeout(timeout);
    let layer = IdempotencyLayer::for_anyone(store);
    let (service, _) = payments(&layer, &pool, |_, _| async { Ok(Response::default()) });
    let mut all = Vec::new();
    for _ in 0..pool.status().max_size {
        all.push(connection(&pool).await);
    }
    let before = Instant::now();
    assert_eq!(skip_timeout(send(&service, "a")).await, (503, false));
    assert!(before.elapsed() < 2 * timeout, "{:?}", before.elapsed());
    drop(all);
    assert_eq!(send(&service, "a").await, (200, false));
}
