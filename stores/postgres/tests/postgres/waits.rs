//! The timeouts of a guard, and the connection of a dropped guard.

use std::{pin::pin, time::Duration};

use http::request::Parts;
use tokio::time::timeout;
use tower_conditional::ValidatorSource;
use tower_conditional_postgres::{ErrorKind, GuardError, Guarded, Lease, Target, VersionSource};

use crate::support::{
    LONG, connection, if_match, if_none_match_any, lease, notes, on_another_slot, one_connection,
    pool_with_lock_timeout, request, row, run, skip_timeout, table, unconditional, waiting,
};

/// A time that is longer than the 2 s of a guard, and shorter than the 20 s of all other waits.
const SOON: Duration = Duration::from_secs(15);

/// Issue 11, B.2: a guard of the table gives up waiting for a long transaction. The
/// writers that wait for the guard then continue.
#[tokio::test]
async fn a_guard_that_waits_for_a_long_transaction_gives_up() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let mut long = connection(&pool).await;
    let other = on_another_slot(&pool, &long).await;
    let tx = long.transaction().await.expect("a transaction");
    tx.execute("UPDATE notes SET text = 'x'", &[])
        .await
        .expect("a write");
    let guarding = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut lease = lease(&pool).await;
            let begun = Guarded::begin(&mut lease, if_match("*"), Target::scope(table())).await;
            match begun {
                Err(GuardError::Database(error)) => error.is_conflict(),
                begun => panic!("{begun:?}"),
            }
        }
    });
    waiting(&pool, 1).await;
    let insert = other.execute("INSERT INTO notes VALUES (2, 'a')", &[]);
    let inserted = timeout(SOON, insert).await.expect("it does not wait long");
    inserted.expect("it is written");
    assert!(guarding.await.expect("it gave up"));
    tx.rollback().await.expect("a rollback");
}

/// Issue 11, B.2: a guard is dropped while it waits, as when its client disconnects. The
/// next request does not wait for its statement.
#[tokio::test]
async fn the_connection_of_a_dropped_guard_is_closed() {
    let all = notes().await;
    run(&all, "INSERT INTO notes VALUES (1, 'a')").await;
    let mut holder = connection(&all).await;
    let held = holder.transaction().await.expect("a transaction");
    held.execute("UPDATE notes SET text = 'x'", &[])
        .await
        .expect("a write");

    let pool = one_connection(&all).await;
    {
        let mut lease = lease(&pool).await;
        let target = Target::scope(row(1)).lock_timeout(Duration::MAX);
        let mut begun = pin!(Guarded::begin(&mut lease, if_match("*"), target));
        tokio::select! {
            _ = &mut begun => panic!("it waits"),
            () = waiting(&all, 1) => {}
        }
    }
    let next = timeout(LONG, run(&pool, "SELECT")).await;
    next.expect("it does not wait for the statement");
    held.rollback().await.expect("a rollback");
}

/// Issue 11, B.2: the lock timeout of the guard overrides that of the connection.
#[tokio::test]
async fn each_wait_has_a_timeout() {
    let pool = notes().await;
    let target = || Target::scope(row(1));
    for (timeout, limit) in [
        (None, "2s"),
        (Some(Duration::from_millis(150)), "150ms"),
        // For PostgreSQL, zero would be no timeout.
        (Some(Duration::ZERO), "1ms"),
        (Some(Duration::MAX), "2147483647ms"),
    ] {
        for expected in [if_none_match_any(), unconditional()] {
            let mut lease = lease(&pool).await;
            let target = match timeout {
                Some(timeout) => target().lock_timeout(timeout),
                None => target(),
            };
            let tx = Guarded::begin(&mut lease, expected, target).await;
            let tx = tx.expect("it begins");
            let row = tx.query_one("SHOW lock_timeout", &[]).await;
            assert_eq!(row.expect("a setting").get::<_, &str>(0), limit);
            tx.rollback().await.expect("a rollback");
        }
    }
}

/// Issue 11, B.2: a connection is closed only if a statement may still wait on it.
#[tokio::test]
async fn the_connection_of_an_ended_transaction_returns_to_the_pool() {
    let all = notes().await;
    run(&all, "INSERT INTO notes VALUES (1, 'a')").await;
    let pool = one_connection(&all).await;
    let of = async || {
        let client = connection(&pool).await;
        let row = client.query_one("SELECT pg_backend_pid()", &[]).await;
        row.expect("a process").get::<_, i32>(0)
    };
    let first = of().await;
    for refused in [if_match("\"other\""), if_none_match_any()] {
        let mut lease = lease(&pool).await;
        let begun = Guarded::begin(&mut lease, refused, Target::scope(row(1))).await;
        assert!(matches!(begun, Err(GuardError::Precondition(_))));
    }
    {
        let mut lease = lease(&pool).await;
        begin(&mut lease)
            .await
            .rollback()
            .await
            .expect("a rollback");
        begin(&mut lease).await.commit().await.expect("a commit");
        let tx = begin(&mut lease).await;
        tx.execute("nonsense", &[]).await.expect_err("no SQL");
        tx.commit().await.expect_err("it has failed");
    }
    assert_eq!(of().await, first);
    {
        let mut lease = lease(&pool).await;
        drop(begin(&mut lease).await);
    }
    assert_ne!(of().await, first, "a dropped one is closed");
}

async fn begin(lease: &mut Lease) -> Guarded<'_> {
    let begun = Guarded::begin(lease, if_match("*"), Target::scope(row(1))).await;
    begun.expect("it begins")
}

/// A lock that is held for long, as by a migration. The pool and the connections that it has given
/// up have a bound, so the server has room for others.
#[tokio::test]
async fn waits_for_one_lock_leave_few_sessions() {
    const PLACES: usize = 3;
    let all = notes().await;
    let mut holder = connection(&all).await;
    let held = holder.transaction().await.expect("a transaction");
    let lock = "LOCK TABLE conditional_versions";
    held.batch_execute(lock).await.expect("a lock");
    let pool = pool_with_lock_timeout(&all, PLACES, "60s").await;
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1)));
    let source = source.timeout(LONG);
    let parts = request("/");
    // Twice the places: those that were given up at once, and those that are kept.
    for statements in 1..=2 * PLACES {
        let mut asked = pin!(source.current(&parts));
        tokio::select! {
            answer = &mut asked => panic!("{answer:?}"),
            () = waiting(&all, statements as i64) => {}
        }
        let error = skip_timeout(asked).await.expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
    for _ in 0..PLACES {
        let refused = skip_timeout(source.current(&parts)).await;
        assert_eq!(refused.expect_err("no connection").kind(), ErrorKind::Pool);
    }
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    let count = async || {
        let row = held.query_one(sessions, &[]).await.expect("a count");
        row.get::<_, i64>(0)
    };
    assert_eq!(count().await, 2 * PLACES as i64 + 2);

    held.batch_execute("COMMIT").await.expect("a commit");
    let ended = async { while count().await > 2 {} };
    timeout(LONG, ended).await.expect("sessions that end");
    for _ in 0..3 {
        source.current(&parts).await.expect("an answer");
    }
}

/// The lock is held all the time. Queries of other tables get a connection once the statements
/// have given up.
#[tokio::test]
async fn a_lock_timeout_of_the_connections_frees_their_pool() {
    const PLACES: usize = 2;
    let all = notes().await;
    let mut holder = connection(&all).await;
    let held = holder.transaction().await.expect("a transaction");
    let lock = "LOCK TABLE conditional_versions";
    held.batch_execute(lock).await.expect("a lock");
    let pool = pool_with_lock_timeout(&all, PLACES, "1s").await;
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1)));
    let source = source.timeout(Duration::from_millis(100));
    for _ in 0..2 * PLACES {
        source.current(&request("/")).await.expect_err("no answer");
    }
    let other = run(&pool, "SELECT FROM notes");
    timeout(SOON, other).await.expect("a connection");
    held.rollback().await.expect("a rollback");
}
