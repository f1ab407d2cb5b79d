//! Sources without an answer.

use std::time::Duration;

use http::request::Parts;
use tower_conditional::ValidatorSource;

use crate::{
    Database, ErrorKind, QuerySource, Scope, VersionSource,
    test_support::{block_thread, notes, request_for, scope_of},
};

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_is_an_error_within_the_limit() {
    let database = notes().await;
    let _hanging = block_thread(&database).await;
    let all = || request_for(Scope::table("notes"));
    let timeout = Duration::from_millis(30);
    let versions = VersionSource::new(database.clone(), scope_of);
    let rows = QuerySource::new(database, "SELECT 1", |_: &Parts| {
        Some((Scope::table("notes"), Vec::new()))
    });

    let start = tokio::time::Instant::now();
    let (one, two) = (versions.current(&all()).await, rows.current(&all()).await);
    assert_eq!(start.elapsed(), 2 * Duration::from_secs(5));
    for slow in [one, two] {
        assert_eq!(slow.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    let start = tokio::time::Instant::now();
    let (versions, rows) = (versions.timeout(timeout), rows.timeout(timeout));
    let (one, two) = (versions.current(&all()).await, rows.current(&all()).await);
    assert_eq!(start.elapsed(), 2 * timeout);
    for slow in [one, two] {
        assert_eq!(slow.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}

#[tokio::test]
async fn a_closed_database_is_an_error() {
    let database = notes().await;
    let source = VersionSource::new(database.clone(), scope_of);
    database.close().await;
    let error = source
        .current(&request_for(Scope::table("notes")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_database_without_the_schema_is_an_error() {
    let database = Database::in_memory().unwrap();
    let error = crate::test_support::current(&database, Scope::table("notes")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Database);
}

#[tokio::test]
async fn a_timeout_of_zero_is_refused() {
    let database = notes().await;
    let sets: [Box<dyn FnOnce(Database) + Send>; 4] = [
        Box::new(|database| {
            let source = VersionSource::new(database, |_: &Parts| None);
            let _ = source.timeout(Duration::ZERO);
        }),
        Box::new(|database| {
            let source = QuerySource::new(database, "SELECT 1", |_: &Parts| None);
            let _ = source.timeout(Duration::ZERO);
        }),
        Box::new(|database| {
            let source = crate::ScopeState::new(database, |_: &Parts| None);
            let _ = source.timeout(Duration::ZERO);
        }),
        Box::new(|database| {
            let source = crate::EventLog::new(database, "outbox").expect("a name");
            let _ = source.timeout(Duration::ZERO);
        }),
    ];
    for set in sets {
        let database = database.clone();
        let panic = tokio::spawn(async move { set(database) }).await;
        let panic = panic.expect_err("a panic").into_panic();
        let message = panic.downcast::<String>().expect("a text");
        assert_eq!(
            *message,
            "invalid timeout 0ns: no answer comes in time; use some seconds"
        );
    }
}
