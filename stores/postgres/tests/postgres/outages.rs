//! Sources whose server or connection fails.

use std::{error::Error as _, time::Duration};

use http::request::Parts;
use tokio::{
    net::TcpListener,
    time::{Instant, pause, sleep},
};
use tower_conditional::{Current, ValidatorSource, source};
use tower_conditional_postgres::{ErrorKind, QuerySource, VersionSource};
use tower_conditional_testing::Postgres;

use crate::support::{
    connection, notes, number, one_connection, pool, reason, request, row, run, text_of, waiting,
};

/// The server accepts connections and never answers.
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_an_error_within_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let pool = pool(&format!("postgres://postgres@127.0.0.1:{port}/postgres"));
    let source = VersionSource::new(pool, |_: &Parts| Some(row(1)));
    let before = Instant::now();
    let error = source.current(&request("/")).await.expect_err("too late");
    assert_eq!(error.kind(), ErrorKind::Pool);
    assert_eq!(reason(&error), "no connection within 5s");
    assert_eq!(before.elapsed().as_secs(), 5);
}

/// A lock is not released, and a pool has no connection left.
#[tokio::test]
async fn a_query_that_times_out_is_an_error_and_its_connection_is_closed() {
    let pool = notes().await;
    let mut holder = connection(&pool).await;
    let held = holder.transaction().await.expect("a transaction");
    held.batch_execute("LOCK TABLE conditional_versions")
        .await
        .expect("a lock");
    // Leaves an open connection, so only the query can take too long.
    run(&pool, "SELECT").await;
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1)));
    let source = source.timeout(Duration::from_millis(50));
    let error = source
        .current(&request("/"))
        .await
        .expect_err("it is locked");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    // The connection on which the query still waits does not return to the pool.
    assert_eq!(pool.status().size, 1);
    held.rollback().await.expect("a rollback");
    let patient = source.clone().timeout(Duration::from_secs(30));
    assert!(matches!(
        patient.current(&request("/")).await,
        Ok(Current::Absent)
    ));

    let mut all = Vec::new();
    for _ in 1..pool.status().max_size {
        all.push(connection(&pool).await);
    }
    let error = source
        .current(&request("/"))
        .await
        .expect_err("there is no connection");
    assert_eq!(error.kind(), ErrorKind::Pool);
    assert_eq!(reason(&error), "no connection within 50ms");
}

/// The timeout is that of the whole answer: the wait for a connection counts.
#[tokio::test]
async fn a_wait_for_a_connection_counts_for_the_timeout() {
    let all = notes().await;
    let mut holder = connection(&all).await;
    let held = holder.transaction().await.expect("a transaction");
    held.batch_execute("LOCK TABLE conditional_versions")
        .await
        .expect("a lock");
    let pool = one_connection(&all).await;
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1)));
    let source = source.timeout(Duration::from_secs(2));
    let taken = connection(&pool).await;
    // The server waits for the lock, so only the clock can go on.
    pause();
    let before = Instant::now();
    let free = async {
        sleep(Duration::from_millis(1_500)).await;
        drop(taken);
    };
    let parts = request("/");
    let (answer, ()) = tokio::join!(source.current(&parts), free);
    let error = answer.expect_err("it is locked");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(before.elapsed().as_secs(), 2);
}

/// A connection is opened once, and not for each answer.
#[tokio::test]
async fn the_connection_of_an_answer_returns_to_the_pool() {
    let pool = one_connection(&notes().await).await;
    let process = async || {
        let client = connection(&pool).await;
        let row = client.query_one("SELECT pg_backend_pid()", &[]).await;
        row.expect("a process").get::<_, i32>(0)
    };
    let first = process().await;
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1)));
    for _ in 0..3 {
        let found = source.current(&request("/")).await.expect("an answer");
        assert!(matches!(found, Current::Absent));
        assert_eq!(process().await, first);
    }
}

/// An administrator ends the connection while the query waits.
#[tokio::test]
async fn a_broken_connection_is_an_error() {
    let pool = notes().await;
    let mut holder = connection(&pool).await;
    let held = holder.transaction().await.expect("a transaction");
    held.batch_execute("LOCK TABLE conditional_versions")
        .await
        .expect("a lock");
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1)));
    let asked = tokio::spawn({
        let source = source.clone();
        async move { source.current(&request("/")).await }
    });
    waiting(&pool, 1).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    held.batch_execute(end).await.expect("it is ended");
    let error = asked.await.expect("an answer").expect_err("it was ended");
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(error.source().is_some());
    held.rollback().await.expect("a rollback");
    assert!(matches!(
        source.current(&request("/")).await,
        Ok(Current::Absent)
    ));
}

#[tokio::test]
async fn a_panic_is_an_error_to_the_layers() {
    let pool = notes().await;
    let source = VersionSource::new(pool, |_: &Parts| panic!("no scope"));
    // The layers call the source in this way.
    let source = source.or_else(source::now(|_| Current::Unknown));
    let error = source
        .current(&request("/"))
        .await
        .expect_err("it panicked");
    assert!(error.is_panic());
}

#[tokio::test]
async fn a_source_recovers_when_the_server_is_back() {
    let server = Postgres::start();
    let pool = pool(&server.url());
    run(
        &pool,
        "CREATE TABLE notes (version int); INSERT INTO notes VALUES (1)",
    )
    .await;
    let source = QuerySource::new(pool, "SELECT version FROM notes", |_: &Parts| {
        Some((row(1), Vec::new()))
    });
    assert!(source.current(&request("/")).await.is_ok());
    server.stop();
    let error = source.current(&request("/")).await.expect_err("it is gone");
    assert!(error.source().is_some(), "{error:?}");
    server.restart();
    assert_eq!(
        text_of(&source.current(&request("/")).await.expect("it is back")),
        number(&row(1), 1)
    );
}
