//! Files that are put back in an older state.

use std::{fs, thread, time::UNIX_EPOCH};

use http::HeaderValue;
use tower_conditional::{
    clock::{Clock, SystemClock},
    state_ref::StateSource,
};

use super::row;
use crate::{
    Database, EventLog, Install, Schema,
    test_support::{NOTES, TempFile, execute, request_for, schema, tag},
};

/// Returns the file as a backup would have it.
async fn backup(database: &Database, file: &TempFile) -> Vec<u8> {
    execute(database, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    fs::read(file).unwrap()
}

/// Puts a backup back. The time of SQLite is in milliseconds, and no restore is as fast.
fn restore(file: &TempFile, kept: Vec<u8>) {
    fs::write(file, kept).unwrap();
    next_millisecond();
}

fn next_millisecond() {
    let clock = SystemClock;
    let millisecond = || clock.now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let start = millisecond();
    while millisecond() == start {
        thread::yield_now();
    }
}

async fn opened(file: &TempFile) -> Database {
    let database = Database::open(file).unwrap();
    schema().install(&database).await.unwrap();
    database
}

/// A new database with one note, whose versions are kept.
async fn with_note(file: &TempFile, text: &str) -> Database {
    let database = Database::open(file).unwrap();
    execute(&database, NOTES).await;
    schema().install(&database).await.unwrap();
    let insert = format!("INSERT INTO notes VALUES (1, 'a', '{text}')");
    execute(&database, insert).await;
    database
}

/// It does not matter if the migration ran between the backup and the restore, as at each start.
#[tokio::test]
async fn a_restored_backup_gives_no_old_tag_to_new_content() {
    for starts_between in [false, true] {
        let file = TempFile::new();
        let mut database = with_note(&file, "old").await;
        let kept = backup(&database, &file).await;
        if starts_between {
            database.close().await;
            database = opened(&file).await;
        }
        execute(&database, "UPDATE notes SET text = 'lost'").await;
        let lost = tag(&database, row(1)).await;
        database.close().await;
        restore(&file, kept);
        let database = opened(&file).await;
        execute(&database, "UPDATE notes SET text = 'new'").await;
        assert_ne!(tag(&database, row(1)).await, lost, "{starts_between}");
    }
}

#[tokio::test]
async fn a_file_that_is_deleted_and_created_has_other_tags() {
    let mut tags = Vec::new();
    for text in ["old", "new"] {
        let file = TempFile::new();
        let database = with_note(&file, text).await;
        tags.push(tag(&database, row(1)).await.unwrap());
        database.close().await;
        next_millisecond();
    }
    assert_ne!(tags[0], tags[1]);
}

/// Opens a log of events, and returns the state after another event.
async fn append(file: &TempFile, table: &str, event: &str) -> (Database, HeaderValue) {
    let database = Database::open(file).unwrap();
    let schema = Schema::new().events("Log").unwrap();
    schema.install(&database).await.unwrap();
    let insert = format!("INSERT INTO {table} (event) VALUES ('{event}')");
    execute(&database, insert).await;
    let log = EventLog::new(database.clone(), "Log").unwrap();
    let latest = log.latest(&request_for(row(1))).await.unwrap().unwrap();
    (database, latest)
}

/// A new event has another number than one that was lost with the restore. The table is
/// that of the migration, or one of the application whose name has another case.
#[tokio::test]
async fn a_restored_log_gives_no_old_number_to_new_events() {
    let own = "CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT)";
    for create in ["SELECT 1", own] {
        let file = TempFile::new();
        let database = Database::open(&file).unwrap();
        execute(&database, create).await;
        let (database, _) = append(&file, "log", "one").await;
        let kept = backup(&database, &file).await;
        let (other, lost) = append(&file, "log", "lost").await;
        database.close().await;
        other.close().await;
        restore(&file, kept);
        let (_, latest) = append(&file, "log", "new").await;
        assert_ne!(latest, lost, "{create}");
    }
}

#[tokio::test]
async fn a_log_that_is_deleted_and_created_has_other_numbers() {
    let mut states = Vec::new();
    for event in ["lost", "new"] {
        let file = TempFile::new();
        states.push(append(&file, "log", event).await.1);
        next_millisecond();
    }
    assert_ne!(states[0], states[1]);
}
