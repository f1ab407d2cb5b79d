//! A server that fails in the middle of a transaction.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::Response;
use tower_conditional::{
    IdempotencyLayer,
    idempotency::{Attempt, OnLostAttempt, OnUnrecorded},
};
use tower_conditional_postgres::{ErrorKind, Guarded, Keyed, KeyedError, Lease, Target};
use tower_conditional_testing::Postgres;

use crate::support::{
    connection, database, if_match,
    keys::{END_OTHERS, count, number, payments, send, set, store},
    lease, notes, pool, row, run, tag, unconditional,
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum KilledAt {
    Begin,
    Insert,
    Never,
}

/// Pays in one transaction, whose session ends after a step.
async fn pay(pool: &Pool, attempt: &Attempt, at: KilledAt) -> Result<Response<Bytes>, KeyedError> {
    let mut lease = Lease::acquire(pool).await?;
    let tx = Keyed::begin(&mut lease, attempt).await?;
    let other = connection(pool).await;
    if at == KilledAt::Begin {
        other.batch_execute(END_OTHERS).await?;
    }
    tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
    if at == KilledAt::Insert {
        other.batch_execute(END_OTHERS).await?;
    }
    tx.commit(Response::new(Bytes::from("paid"))).await
}

/// P-ID-txn: after a session that ends in the middle, nothing is written, and a retry pays once.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_a_transaction_leaves_no_effect() {
    for at in [KilledAt::Begin, KilledAt::Insert] {
        let pool = database();
        let layer = IdempotencyLayer::for_anyone(store(&pool).await)
            .transactional(OnUnrecorded::Fail)
            .on_lost_attempt(OnLostAttempt::Reexecute);
        let (service, runs) = payments(&layer, &pool, move |pool, attempt| {
            let is_first = attempt.number() == 1;
            let at = if is_first { at } else { KilledAt::Never };
            async move { pay(&pool, &attempt, at).await }
        });
        assert_eq!(send(&service, "a").await, (503, false));
        assert_eq!(count(&pool).await, 0);
        for is_replay in [false, true] {
            let mut answer = send(&service, "a").await;
            // The pool may hand out each other session that was ended, once.
            for _ in 0..10 {
                if answer.0 == 503 {
                    answer = send(&service, "a").await;
                }
            }
            assert_eq!(answer, (200, is_replay), "{at:?}");
        }
        assert_eq!((runs.load(Ordering::SeqCst), count(&pool).await), (2, 1));
    }
}

/// P-ID-txn: a server that ends a transaction which does nothing has written nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_transaction_that_the_server_ends_records_nothing() {
    let url = Postgres::shared().create_database();
    set(&pool(&url), "idle_in_transaction_session_timeout", "50").await;
    let pool = pool(&url);
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let (service, _) = payments(&layer, &pool, |pool, attempt| async move {
        let mut lease = Lease::acquire(&pool).await?;
        let tx = Keyed::begin(&mut lease, &attempt).await?;
        tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
        // The end of the session is an event of the server, which the count shows.
        let sessions = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'idle in transaction'";
        let ended = async { while number(&pool, sessions).await > 0 {} };
        let limit = Duration::from_secs(20);
        tokio::time::timeout(limit, ended).await.expect("an end");
        let committed = tx.commit(Response::default()).await;
        let Err(KeyedError::Database(error)) = &committed else {
            panic!("{committed:?}")
        };
        assert_eq!(error.kind(), ErrorKind::Database);
        committed
    });
    assert_eq!(send(&service, "a").await, (503, false));
    assert_eq!(count(&pool).await, 0);
    let free = "SELECT count(*) FROM conditional_idempotency WHERE state = 3";
    assert_eq!(number(&pool, free).await, 1);
}

/// P-ID-txn: a crash of the server in a transaction.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_server_in_a_transaction_leaves_no_effect() {
    let server = Arc::new(Postgres::start());
    let pool = pool(&server.url());
    let layer = IdempotencyLayer::for_anyone(store(&pool).await)
        .transactional(OnUnrecorded::Fail)
        .on_lost_attempt(OnLostAttempt::Reexecute);
    let handler_server = Arc::clone(&server);
    let (service, runs) = payments(&layer, &pool, move |pool, attempt| {
        let server = Arc::clone(&handler_server);
        async move {
            let mut lease = Lease::acquire(&pool).await?;
            let tx = Keyed::begin(&mut lease, &attempt).await?;
            tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
            if attempt.number() == 1 {
                tokio::task::spawn_blocking(move || server.kill_and_restart())
                    .await
                    .expect("a restart");
            }
            tx.commit(Response::new(Bytes::from("paid"))).await
        }
    });
    assert_eq!(send(&service, "a").await, (503, false));
    assert_eq!(count(&pool).await, 0);
    for is_replay in [false, true] {
        assert_eq!(send(&service, "a").await, (200, is_replay));
    }
    assert_eq!((runs.load(Ordering::SeqCst), count(&pool).await), (2, 1));
}

/// Each guard that the server ends has written nothing.
#[tokio::test]
async fn a_guard_whose_session_ends_writes_nothing() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let before = tag(&pool, &row(1)).await;
    for expected in [if_match(&before), unconditional()] {
        let mut lease = lease(&pool).await;
        let tx = Guarded::begin(&mut lease, expected, Target::scope(row(1)))
            .await
            .expect("a guard");
        tx.execute("UPDATE notes SET text = 'two' WHERE id = 1", &[])
            .await
            .expect("a write");
        run(&pool, END_OTHERS).await;
        let error = tx.commit().await.expect_err("it has ended");
        assert_eq!(error.kind(), ErrorKind::Database);
        drop(lease);
        pool.retain(|_, _| false);
        assert_eq!(tag(&pool, &row(1)).await, before);
    }
}
