//! Files that are missing, replaced, damaged or of another version.

use std::{fs, time::Duration};

use bytes::Bytes;
use tower_conditional::{
    idempotency::{Admission, Update},
    store::{IdempotencyStore, StoreErrorKind},
};

use super::{SqliteIdempotencyStore, claim, id, step};
use crate::{
    Database, DatabaseOptions, ErrorKind,
    test_support::{TempFile, execute},
};

fn beside(file: &TempFile, suffix: &str) -> std::path::PathBuf {
    let mut path = file.as_ref().as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Checks that only the store that opened the path last takes a key.
async fn only_new_starts(old: &SqliteIdempotencyStore, new: &SqliteIdempotencyStore) {
    let error = old.begin(id(1), claim("a", 1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    let begun = new.begin(id(1), claim("a", 2)).await.unwrap();
    assert!(matches!(begun, Admission::Started { .. }));
}

fn open(file: &TempFile) -> (Database, SqliteIdempotencyStore) {
    let options = DatabaseOptions::new().busy_timeout(Duration::from_millis(100));
    let database = options.open(file).unwrap();
    (database.clone(), SqliteIdempotencyStore::new(database))
}

/// P-ID-store-down: without the migration every step fails, and changes nothing.
#[tokio::test]
async fn a_missing_table_refuses_every_step() {
    let store = SqliteIdempotencyStore::new(Database::in_memory().unwrap());
    let error = store.begin(id(1), claim("a", 1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    let error = store
        .complete(step(1, 1, 1), Bytes::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    store.install().await.unwrap();
    let begun = store.begin(id(1), claim("a", 1)).await.unwrap();
    assert!(matches!(begun, Admission::Started { fence: 1, .. }));
}

/// Tables of the same name that are something else, or of another version.
#[tokio::test]
async fn an_installation_over_a_foreign_table_is_an_error() {
    for columns in [
        "id BLOB PRIMARY KEY, forgotten_at INTEGER",
        "id BLOB, record BLOB, response BLOB, forgotten_at INTEGER",
        "id TEXT PRIMARY KEY, record BLOB, response BLOB, forgotten_at INTEGER",
        "id BLOB PRIMARY KEY, record BLOB, response BLOB, forgotten_at INTEGER, note TEXT",
    ] {
        let file = TempFile::new();
        let (database, store) = open(&file);
        let create = format!("CREATE TABLE conditional_idempotency ({columns})");
        execute(&database, create).await;
        let error = store.install().await.expect_err(columns);
        assert_eq!(error.kind(), ErrorKind::Refused, "{columns}: {error:?}");
    }
}

/// A process starts while another one writes for long.
#[tokio::test]
async fn a_repeated_installation_waits_for_no_writer() {
    let file = TempFile::new();
    let (_, store) = open(&file);
    store.install().await.unwrap();
    let writer = rusqlite::Connection::open(&file).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.install().await.unwrap();
}

/// A record that another version of the crate, or a broken disk, has left.
#[tokio::test]
async fn a_record_of_another_version_is_no_missing_record() {
    let file = TempFile::new();
    let (database, store) = open(&file);
    store.install().await.unwrap();
    for record in ["x''", "x'ff'", "zeroblob(200)", "x'6300000000'"] {
        execute(&database, format!("REPLACE INTO conditional_idempotency VALUES (x'{}', {record}, NULL, 9000000000000)", "01".repeat(32))).await;
        let error = store.begin(id(1), claim("a", 1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{record}");
        let error = store.inspect(id(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{record}");
    }
}

/// The lock of another process is held for longer than the timeout.
#[tokio::test]
async fn a_step_behind_a_long_transaction_is_not_applied() {
    let file = TempFile::new();
    let (_, store) = open(&file);
    store.install().await.unwrap();
    store.begin(id(1), claim("a", 1)).await.unwrap();
    let holder = rusqlite::Connection::open(&file).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.begin(id(2), claim("a", 1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    let error = store
        .complete(step(1, 1, 1), Bytes::from("paid"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    holder.execute_batch("ROLLBACK").unwrap();
    let completed = store.complete(step(1, 1, 1), Bytes::from("paid")).await;
    assert_eq!(completed.unwrap(), Update::Applied);
    assert!(store.inspect(id(2)).await.unwrap().is_none());
}

/// A reader of another process, such as a backup, holds its snapshot.
#[tokio::test]
async fn a_long_reader_delays_no_step() {
    let file = TempFile::new();
    let (_, store) = open(&file);
    store.install().await.unwrap();
    let reader = rusqlite::Connection::open(&file).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM conditional_idempotency")
        .unwrap();
    store.begin(id(1), claim("a", 1)).await.unwrap();
    let completed = store.complete(step(1, 1, 1), Bytes::from("paid")).await;
    assert_eq!(completed.unwrap(), Update::Applied);
}

/// The path is another file than the one that is open.
#[tokio::test]
async fn a_deleted_file_refuses_steps() {
    let file = TempFile::new();
    let (database, old) = open(&file);
    old.install().await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(beside(&file, suffix)).unwrap();
    }
    let error = database.run(|_| Ok(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileMoved);
    let (_, new) = open(&file);
    new.install().await.unwrap();
    only_new_starts(&old, &new).await;
}

#[tokio::test]
async fn a_replaced_file_refuses_steps() {
    let file = TempFile::new();
    let (database, old) = open(&file);
    old.install().await.unwrap();
    execute(&database, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let copy = TempFile::new();
    fs::copy(&file, &copy).unwrap();
    fs::rename(&copy, &file).unwrap();
    only_new_starts(&old, &open(&file).1).await;
}

/// A database in memory, and one in a temporary file of SQLite, have no path.
#[tokio::test]
async fn a_database_without_a_path_takes_steps() {
    for path in ["", ":memory:", "file::memory:"] {
        let store = SqliteIdempotencyStore::new(Database::open(path).unwrap());
        store.install().await.unwrap();
        let begun = store.begin(id(1), claim("a", 1)).await.unwrap();
        assert!(matches!(begun, Admission::Started { .. }), "{path}");
    }
}

/// The log of a crashed process is lost: what it held was never acknowledged by the disk, and
/// the rest can be read.
#[tokio::test]
async fn a_lost_log_leaves_a_whole_file() {
    let file = TempFile::new();
    let (database, store) = open(&file);
    store.install().await.unwrap();
    store.begin(id(1), claim("a", 1)).await.unwrap();
    execute(&database, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let completed = store.complete(step(1, 1, 1), Bytes::from("paid")).await;
    assert_eq!(completed.unwrap(), Update::Applied);
    let copy = TempFile::new();
    fs::copy(&file, &copy).unwrap();
    let (_, copied) = open(&copy);
    let begun = copied.begin(id(1), claim("a", 2)).await.unwrap();
    assert!(matches!(begun, Admission::InFlight { .. }), "{begun:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_may_install_at_once() {
    let file = TempFile::new();
    let stores = [(); 8].map(|()| SqliteIdempotencyStore::new(Database::open(&file).unwrap()));
    let installing = stores.map(|store| tokio::spawn(async move { store.install().await }));
    for installed in installing {
        installed.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_damaged_file_is_no_empty_one() {
    let file = TempFile::new();
    fs::write(&file, vec![b'x'; 8192]).unwrap();
    let error = Database::open(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    assert_eq!(fs::read(&file).unwrap(), vec![b'x'; 8192]);
}
