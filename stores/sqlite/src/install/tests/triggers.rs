use std::collections::HashSet;

use super::{changed, row, tags};
use crate::{
    ErrorKind, Install, Schema, Scope, Watch,
    test_support::{current, execute, notes, schema, tag},
};

const YES: bool = true;
const NO: bool = false;

#[tokio::test]
async fn each_statement_changes_the_versions_of_its_scopes() {
    let database = notes().await;
    let cases = [
        (
            "INSERT INTO notes VALUES (1, 'a', 'one')",
            [YES, NO, YES, YES, NO],
        ),
        (
            "INSERT INTO notes VALUES (2, 'b', 'two')",
            [NO, YES, YES, NO, YES],
        ),
        (
            "UPDATE notes SET text = 'uno' WHERE id = 1",
            [YES, NO, YES, YES, NO],
        ),
        // The row moves from one group to another.
        (
            "UPDATE notes SET tenant = 'b' WHERE id = 1",
            [YES, NO, YES, YES, YES],
        ),
        (
            "UPDATE notes SET tenant = NULL WHERE id = 1",
            [YES, NO, YES, NO, YES],
        ),
        (
            "UPDATE notes SET tenant = 'a' WHERE id = 1",
            [YES, NO, YES, YES, NO],
        ),
        // The row moves from one key to another.
        ("DELETE FROM notes WHERE id = 2", [NO, YES, YES, NO, YES]),
        (
            "UPDATE notes SET id = 2 WHERE id = 1",
            [YES, YES, YES, YES, NO],
        ),
        // A write that changes nothing may change versions or not. A rollback does not.
        ("BEGIN; DELETE FROM notes; ROLLBACK", [NO; 5]),
        ("DELETE FROM notes WHERE id = 99", [NO; 5]),
        ("DELETE FROM notes", [NO, YES, YES, YES, NO]),
        // SQLite applies the conflict clause of a statement to its triggers too.
        (
            "INSERT OR IGNORE INTO notes VALUES (1, 'a', 'x')",
            [YES, NO, YES, YES, NO],
        ),
        ("INSERT OR IGNORE INTO notes VALUES (1, 'a', 'y')", [NO; 5]),
        (
            "INSERT OR REPLACE INTO notes VALUES (1, 'b', 'z')",
            [YES, NO, YES, YES, YES],
        ),
        (
            "INSERT OR ABORT INTO notes VALUES (2, 'b', 'w')",
            [NO, YES, YES, NO, YES],
        ),
        (
            "UPDATE OR IGNORE notes SET text = 'z' WHERE id = 2",
            [NO; 5],
        ),
        (
            "UPDATE OR FAIL notes SET text = 'v' WHERE id = 2",
            [NO, YES, YES, NO, YES],
        ),
        (
            "UPDATE OR ROLLBACK notes SET text = 'u' WHERE id = 2",
            [NO, YES, YES, NO, YES],
        ),
        // The conflicting row is removed, and its version with it.
        (
            "REPLACE INTO notes VALUES (3, 'a', 'u')",
            [NO, YES, YES, YES, YES],
        ),
        (
            "UPDATE OR REPLACE notes SET id = 1 WHERE id = 3",
            [YES, NO, YES, YES, YES],
        ),
        (
            "INSERT INTO notes VALUES (1, 'b', 't') ON CONFLICT DO UPDATE SET text = 't'",
            [YES, NO, YES, YES, NO],
        ),
    ];
    for (sql, expected) in cases {
        assert_eq!(changed(&database, sql).await, expected, "{sql}");
    }
    assert_eq!(tag(&database, row(2)).await, None);
    assert_eq!(tag(&database, row(3)).await, None);
}

#[tokio::test]
async fn a_foreign_key_that_cascades_counts() {
    let database = notes().await;
    execute(
        &database,
        "CREATE TABLE tags (
             id INTEGER PRIMARY KEY,
             note INTEGER REFERENCES notes (id) ON DELETE CASCADE
         );",
    )
    .await;
    let watch = Watch::table("tags").each_row("id").each_group("note");
    Schema::new()
        .watch(watch)
        .unwrap()
        .install(&database)
        .await
        .unwrap();
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'); INSERT INTO tags VALUES (5, 1)",
    )
    .await;
    let before = tag(&database, Scope::group("tags", "note", 1)).await;
    execute(&database, "DELETE FROM notes").await;
    assert_eq!(tag(&database, Scope::row("tags", 5)).await, None);
    assert_ne!(
        tag(&database, Scope::group("tags", "note", 1)).await,
        before
    );
}

/// R-9110-8.8.1-a: a row that is deleted and inserted again has another tag.
#[tokio::test]
async fn no_tag_is_used_again() {
    let database = notes().await;
    let mut seen: [HashSet<_>; 5] = Default::default();
    for _ in 0..5 {
        for sql in [
            "INSERT INTO notes VALUES (1, 'a', 'one')",
            "DELETE FROM notes",
        ] {
            execute(&database, sql).await;
            schema().install(&database).await.unwrap();
            let tags = tags(&database).await;
            for at in [0, 2, 3] {
                assert!(tags[at].is_none() || seen[at].insert(tags[at].clone()));
            }
        }
    }
}

#[tokio::test]
async fn an_empty_collection_exists() {
    let database = notes().await;
    let empty = tags(&database).await;
    assert!(empty[0].is_none() && empty[1].is_none());
    assert!(empty[2..].iter().all(Option::is_some));
}

/// Without the error, the tag of a table that is not watched would never change.
#[tokio::test]
async fn a_scope_that_is_not_watched_is_an_error() {
    let database = notes().await;
    execute(&database, "CREATE TABLE pages (name TEXT PRIMARY KEY)").await;
    let watch = Watch::table("pages").each_row("name");
    Schema::new()
        .watch(watch)
        .unwrap()
        .install(&database)
        .await
        .unwrap();
    for scope in [
        Scope::table("pages"),
        Scope::group("pages", "name", "x"),
        Scope::group("notes", "text", "x"),
        Scope::row("nobody", 1),
    ] {
        let error = current(&database, scope).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotWatched);
    }
}

/// Another connection that uses `REPLACE` needs the pragma.
#[tokio::test]
async fn without_recursive_triggers_replace_changes_no_version() {
    let database = notes().await;
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    execute(&database, "PRAGMA recursive_triggers = OFF").await;
    execute(&database, "REPLACE INTO notes VALUES (2, 'b', 'one')").await;
    assert!(tag(&database, row(1)).await.is_some(), "the row is gone");
    execute(&database, "PRAGMA recursive_triggers = ON").await;
    execute(&database, "REPLACE INTO notes VALUES (3, 'b', 'one')").await;
    assert!(tag(&database, row(2)).await.is_none());
}
