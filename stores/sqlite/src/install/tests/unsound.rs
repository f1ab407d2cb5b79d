//! Tables whose content could change while its tags stay: refused, or found later.

use std::time::UNIX_EPOCH;

use tower_conditional::clock::{Clock, SystemClock};

use super::{row, tags};
use crate::{
    Database, Error, ErrorKind, Install, Schema, Watch,
    test_support::{execute, notes, reason, schema, version},
};

fn reasons(outcome: Result<(), Error>, kind: ErrorKind) -> Option<String> {
    let error = outcome.err()?;
    assert_eq!(error.kind(), kind, "{error:?}");
    Some(reason(&error))
}

/// Issue 11, B.3: each fault is refused with its reason.
#[tokio::test]
async fn a_table_whose_tags_could_become_stale_is_refused() {
    let not_unique = "no primary key or unique index is on column \"id\" of table \"notes\" alone";
    let equal_texts = "a collation for which different texts are equal";
    for (sql, reason) in [
        ("CREATE TABLE notes (id INTEGER, tenant)", not_unique),
        (
            "CREATE TABLE notes (id INTEGER, tenant, PRIMARY KEY (id, tenant))",
            not_unique,
        ),
        (
            "CREATE TABLE notes (id INTEGER, tenant); CREATE INDEX i ON notes (id)",
            not_unique,
        ),
        (
            "CREATE TABLE notes (id INTEGER, tenant);
             CREATE UNIQUE INDEX i ON notes (id) WHERE tenant IS NULL",
            not_unique,
        ),
        (
            "CREATE TABLE notes (id INTEGER, tenant); CREATE UNIQUE INDEX i ON notes (id + 1)",
            not_unique,
        ),
        (
            "CREATE TABLE notes (id TEXT COLLATE NOCASE PRIMARY KEY, tenant)",
            equal_texts,
        ),
        (
            "CREATE TABLE notes (id TEXT COLLATE RTRIM, tenant);
             CREATE UNIQUE INDEX i ON notes (id COLLATE BINARY)",
            equal_texts,
        ),
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, tenant TEXT COLLATE nocase)",
            equal_texts,
        ),
        (
            "CREATE TABLE notes (id REAL PRIMARY KEY, tenant)",
            "column \"id\" of table \"notes\" has real numbers",
        ),
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, tenant double precision)",
            "column \"tenant\" of table \"notes\" has real numbers",
        ),
        (
            "CREATE VIEW notes AS SELECT 1 AS id, 'a' AS tenant",
            "\"notes\" is of the kind \"view\"",
        ),
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY)",
            "there is no column \"tenant\" in table \"notes\"",
        ),
        ("SELECT 1", "there is no table \"notes\""),
    ] {
        let database = Database::in_memory().unwrap();
        execute(&database, sql).await;
        let refused = schema().install(&database).await;
        let said = reasons(refused, ErrorKind::Refused).expect(sql);
        assert!(said.contains(reason), "{sql}: {said}");
    }
}

#[tokio::test]
async fn any_unique_key_may_be_watched() {
    for sql in [
        "CREATE TABLE Notes (Id INTEGER PRIMARY KEY, Tenant)",
        "CREATE TABLE notes (id TEXT PRIMARY KEY, tenant) WITHOUT ROWID",
        "CREATE TABLE notes (id TEXT UNIQUE, tenant TEXT PRIMARY KEY)",
        "CREATE TABLE notes (id, tenant); CREATE UNIQUE INDEX i ON notes (ID)",
        "CREATE TABLE notes (id FLOATING POINT PRIMARY KEY, tenant NUMERIC)",
        "CREATE TABLE notes (id ANY PRIMARY KEY, tenant ANY) STRICT",
    ] {
        let database = Database::in_memory().unwrap();
        execute(&database, sql).await;
        schema().install(&database).await.expect(sql);
        schema().verify(&database).await.expect(sql);
    }
}

/// Issue 11, B.3: the check finds faults that come after the installation. A new
/// installation mends them, unless it refuses the table.
#[tokio::test]
async fn later_changes_are_found() {
    let altered = "table \"notes\" was altered, swapped, or written without its triggers";
    for (sql, reason, mended) in [
        (
            "DROP TRIGGER \"conditional_versions of notes UPDATE\"",
            altered,
            true,
        ),
        (
            "CREATE TABLE rebuilt (id INTEGER PRIMARY KEY, tenant TEXT, text TEXT UNIQUE);
             DROP TABLE notes; ALTER TABLE rebuilt RENAME TO notes",
            altered,
            true,
        ),
        (
            "ALTER TABLE notes ADD COLUMN mood DEFAULT 'good'",
            altered,
            true,
        ),
        (
            "ALTER TABLE notes RENAME COLUMN text TO body",
            altered,
            true,
        ),
        ("DELETE FROM conditional_versions", altered, true),
        (
            "DELETE FROM conditional_versions WHERE scope = 'row/notes'",
            altered,
            true,
        ),
        ("DROP TABLE notes", "there is no table \"notes\"", false),
        (
            "CREATE TABLE rebuilt (id INTEGER, tenant TEXT); DROP TABLE notes;
             ALTER TABLE rebuilt RENAME TO notes",
            "no primary key",
            false,
        ),
    ] {
        let database = notes().await;
        execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
        schema().verify(&database).await.unwrap();
        let before = tags(&database).await;
        execute(&database, sql).await;
        let said = reasons(schema().verify(&database).await, ErrorKind::Changed).expect(sql);
        assert!(said.contains(reason), "{sql}: {said}");
        let installed = schema().install(&database).await;
        assert_eq!(installed.is_ok(), mended, "{sql}");
        if mended {
            schema().verify(&database).await.unwrap();
            for (before, after) in before.iter().zip(tags(&database).await) {
                assert!(before.is_none() || *before != after, "{sql}");
            }
        }
    }
    let database = Database::in_memory().unwrap();
    let log = Schema::new().events("events").unwrap();
    log.install(&database).await.unwrap();
    log.verify(&database).await.unwrap();
    execute(&database, "DROP TRIGGER \"events only grows: DELETE\"").await;
    let said = reasons(log.verify(&database).await, ErrorKind::Changed).unwrap();
    assert!(said.contains("table \"events\" was altered"), "{said}");
}

/// Issue 11, B.3: numbers are lost by a restored backup or a crash. The counter is ahead of
/// a clock that was set back.
#[tokio::test]
async fn lost_numbers_are_not_used_again() {
    let database = notes().await;
    let insert = "INSERT INTO notes VALUES (1, 'a', 'one')";
    for ahead in [0, 1_000_000_000_000_000_i64] {
        let advance = "UPDATE conditional_versions_counter SET last = last + ";
        execute(
            &database,
            format!("DELETE FROM notes; {advance}{ahead}; {insert}"),
        )
        .await;
        let mut last = version(&database, row(1)).await;
        for _ in 0..3 {
            execute(&database, format!("DELETE FROM notes; {advance} -3")).await;
            schema().install(&database).await.unwrap();
            execute(&database, insert).await;
            let next = version(&database, row(1)).await;
            assert!(next > last, "{next} came again");
            last = next;
        }
    }
}

/// A backup that is restored over many installations has lower numbers than the clock.
#[tokio::test]
async fn an_installation_goes_on_at_the_time() {
    let database = notes().await;
    let micros = || {
        let now = SystemClock.now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_micros()).unwrap()
    };
    let reset = "UPDATE conditional_versions_counter SET last = 0";
    execute(&database, reset).await;
    let before = micros();
    schema().install(&database).await.unwrap();
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let taken = version(&database, row(1)).await;
    // SQLite rounds the time to milliseconds.
    assert!((before - 2000..micros() + 2000).contains(&taken), "{taken}");
}

/// Columns may have the names that a trigger uses.
#[tokio::test]
async fn columns_may_have_any_name() {
    let names = [
        "new", "old", "last", "scope", "version", "excluded", "rowid",
    ];
    let database = Database::in_memory().unwrap();
    let columns = names.map(|name| format!("\"{name}\" TEXT"));
    for key in names {
        let table = format!("by_{key}");
        let sql = format!(
            "CREATE TABLE {table} ({}, UNIQUE (\"{key}\"))",
            columns.join(", ")
        );
        execute(&database, sql).await;
        let watch = Watch::table(&table)
            .each_row(key)
            .each_group("old")
            .each_group("new");
        let schema = Schema::new().watch(watch).unwrap();
        schema.install(&database).await.unwrap();
        let scope = crate::Scope::row(&table, "x");
        execute(
            &database,
            format!("INSERT INTO {table} (\"{key}\") VALUES ('x')"),
        )
        .await;
        let before = version(&database, scope.clone()).await;
        execute(&database, format!("UPDATE {table} SET last = 'x'")).await;
        assert!(version(&database, scope).await > before, "{key}");
    }
}
