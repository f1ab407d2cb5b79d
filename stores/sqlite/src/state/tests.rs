use std::error::Error as _;

use http::{HeaderValue, Request, request::Parts};
use tower_conditional::{VersionTags, state_ref::StateSource};

use super::{EventLog, ScopeState};
use crate::{
    Database, ErrorKind, Install, Schema, Scope,
    test_support::{block_thread, execute, notes, reason, request_for, scope_of, tag, version},
};

fn request() -> Parts {
    Request::new(()).into_parts().0
}

async fn log() -> (Database, EventLog) {
    let database = Database::in_memory().unwrap();
    let schema = Schema::new().events("odd \"events\"").unwrap();
    schema.install(&database).await.unwrap();
    schema.install(&database).await.unwrap();
    let log = EventLog::new(database.clone(), "odd \"events\"").unwrap();
    (database, log)
}

async fn latest(log: &EventLog) -> HeaderValue {
    log.latest(&request()).await.unwrap().unwrap()
}

async fn number(log: &EventLog) -> i64 {
    latest(log).await.to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_latest_event_is_the_state() {
    let (database, log) = log().await;
    assert_eq!(latest(&log).await, "0");
    let insert = "INSERT INTO \"odd \"\"events\"\"\" (event) VALUES ('x')";
    execute(&database, insert).await;
    let first = number(&log).await;
    execute(&database, insert).await;
    assert_eq!(number(&log).await, first + 1);
    execute(&database, format!("BEGIN; {insert}; ROLLBACK")).await;
    assert_eq!(number(&log).await, first + 1);
    execute(
        &database,
        format!("INSERT INTO \"odd \"\"events\"\"\" VALUES ({first} + 17, 'x')"),
    )
    .await;
    assert_eq!(number(&log).await, first + 17);
}

#[tokio::test]
async fn events_stay_as_they_are() {
    let (database, log) = log().await;
    // This identifier means that there is no event yet.
    let zero = "INSERT INTO \"odd \"\"events\"\"\" VALUES (0, 'x')";
    let refused = database.run(move |connection| connection.execute(zero, ()));
    refused.await.unwrap_err();
    execute(
        &database,
        "INSERT INTO \"odd \"\"events\"\"\" (event) VALUES ('x'), ('y')",
    )
    .await;
    let latest_number = number(&log).await;
    for sql in [
        "UPDATE \"odd \"\"events\"\"\" SET event = 'z'",
        "DELETE FROM \"odd \"\"events\"\"\" WHERE event = 'y'",
        "INSERT INTO \"odd \"\"events\"\"\" VALUES (-1, 'x')",
        "INSERT INTO \"odd \"\"events\"\"\" VALUES (0, 'x')",
        "REPLACE INTO \"odd \"\"events\"\"\" SELECT max(id), 'z' FROM \"odd \"\"events\"\"\"",
        "INSERT OR IGNORE INTO \"odd \"\"events\"\"\" VALUES (0, 'x')",
    ] {
        let refused = database.run(move |connection| connection.execute(sql, ()));
        assert_eq!(
            refused.await.unwrap_err().kind(),
            ErrorKind::Database,
            "{sql}"
        );
    }
    assert_eq!(number(&log).await, latest_number);
}

/// A number is used again in a table without the triggers of a log.
#[tokio::test]
async fn the_maximum_over_any_table_gives_one_identifier_to_two_states() {
    let database = Database::in_memory().unwrap();
    execute(
        &database,
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, event TEXT)",
    )
    .await;
    execute(&database, "INSERT INTO plain (event) VALUES ('x'), ('y')").await;
    let plain = EventLog::new(database.clone(), "plain").unwrap();
    let before = latest(&plain).await;
    execute(&database, "DELETE FROM plain WHERE id = 2").await;
    execute(&database, "INSERT INTO plain (event) VALUES ('z')").await;
    assert_eq!(latest(&plain).await, before);

    // A log without AUTOINCREMENT is refused, and the triggers of a log refuse the deletion.
    let schema = Schema::new().events("plain").unwrap();
    let error = schema.install(&database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(reason(&error).contains("AUTOINCREMENT"), "{error}");
    let create = "DROP TABLE plain;
        CREATE TABLE plain (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT);
        INSERT INTO plain (event) VALUES ('x')";
    execute(&database, create).await;
    schema.install(&database).await.unwrap();
    let refused = database.run(|connection| connection.execute("DELETE FROM plain", ()));
    refused.await.unwrap_err();
}

/// The steps in the docs of `Schema::events`.
#[tokio::test]
async fn old_events_are_copied_to_a_table_that_can_be_a_log() {
    let database = Database::in_memory().unwrap();
    let old = "CREATE TABLE log (id INTEGER PRIMARY KEY, event TEXT);
        INSERT INTO log VALUES (3, 'x'), (7, 'y')";
    execute(&database, old).await;
    let schema = Schema::new().events("log").unwrap();
    let sql = schema.sql();
    let failed = database.run(move |connection| connection.execute_batch(&sql));
    let failed = failed.await.unwrap_err();
    let cause = failed.source().unwrap().to_string();
    assert!(cause.contains("no such table: sqlite_sequence"), "{cause}");
    let copy = "ALTER TABLE log RENAME TO log_before;
        CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;
        INSERT INTO log (id, event) SELECT id, event FROM log_before ORDER BY id;
        DROP TABLE log_before";
    execute(&database, copy).await;
    schema.install(&database).await.unwrap();
    let log = EventLog::new(database.clone(), "log").unwrap();
    assert_eq!(number(&log).await, 7);
    execute(&database, "INSERT INTO log (event) VALUES ('z')").await;
    assert!(number(&log).await > 7);
}

#[tokio::test]
async fn a_log_that_is_not_there_is_an_error() {
    let database = Database::in_memory().unwrap();
    assert!(EventLog::new(database.clone(), "").is_err());
    let log = EventLog::new(database, "nowhere").unwrap();
    let error = log.latest(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
}

#[tokio::test]
async fn the_version_of_a_scope_is_a_state() {
    let database = notes().await;
    let state = ScopeState::new(database.clone(), scope_of);
    let all = request_for(Scope::table("notes"));
    let one = request_for(Scope::row("notes", 1));
    assert!(state.latest(&request()).await.unwrap().is_none());
    assert!(state.latest(&one).await.unwrap().is_none());
    let before = state.latest(&all).await.unwrap().unwrap();

    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let after = state.latest(&all).await.unwrap().unwrap();
    assert_ne!(after, before);
    let of_one = state.latest(&one).await.unwrap().unwrap();
    let tag = tag(&database, Scope::row("notes", 1)).await.unwrap();
    assert_eq!(format!("\"{}\"", of_one.to_str().unwrap()), tag);

    let error = state
        .latest(&request_for(Scope::table("nobody")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotWatched);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_is_an_error() {
    let (database, log) = log().await;
    let state = ScopeState::new(database.clone(), scope_of);
    let _hanging = block_thread(&database).await;
    let slow = [
        log.latest(&request()).await,
        state.latest(&request_for(Scope::table("notes"))).await,
    ];
    for slow in slow {
        assert_eq!(slow.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}

#[tokio::test]
async fn the_state_of_a_scope_may_have_keyed_tags() {
    let database = notes().await;
    let tags = VersionTags::keyed([7; 16]).unwrap();
    let state = ScopeState::new(database.clone(), scope_of).tags(tags.clone());
    let all = Scope::table("notes");
    let expected = tags
        .scope(&all)
        .number(version(&database, all.clone()).await);
    let latest = state.latest(&request_for(all)).await.unwrap().unwrap();
    assert_eq!(latest.as_bytes(), expected.opaque());
}
