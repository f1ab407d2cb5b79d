//! The tags of versions that triggers keep.

use std::collections::HashSet;

use tower_conditional::{ValidatorSource, VersionTags};

use super::query;
use crate::{
    Database, Install, Scope, VersionSource,
    test_support::{TempFile, execute, notes, request_for, schema, scope_of, tag, tag_text},
};

/// Returns the tag that `max` over a column makes, and the tag of the version row.
async fn both(database: &Database, max: &'static str) -> (String, String) {
    let max = tag_text(&query(database, max).await.unwrap()).unwrap();
    let version = tag(database, Scope::table("notes")).await.unwrap();
    (max, version)
}

/// R-9110-8.8.1-a
#[tokio::test]
async fn the_maximum_of_a_column_gives_a_wrong_304_and_the_version_row_does_not() {
    let database = notes().await;
    execute(
        &database,
        "ALTER TABLE notes ADD COLUMN version INTEGER;
         ALTER TABLE notes ADD COLUMN updated_at INTEGER;
         INSERT INTO notes VALUES
             (1, 'a', 'one', 1, 1763715600), (2, 'a', 'two', 2, 1763715600);",
    )
    .await;

    // A row that is not the newest is deleted.
    let max = "SELECT max(version) FROM notes";
    let before = both(&database, max).await;
    execute(&database, "DELETE FROM notes WHERE id = 1").await;
    let after = both(&database, max).await;
    assert_eq!(
        before.0, after.0,
        "the maximum is the same for other content"
    );
    assert_ne!(before.1, after.1);

    // The newest row is deleted, and its number is used again.
    let before = both(&database, max).await;
    execute(
        &database,
        "DELETE FROM notes;
         INSERT INTO notes SELECT 2, 'a', 'other', coalesce(max(version), 1) + 1, 1763715600
             FROM notes;",
    )
    .await;
    let after = both(&database, max).await;
    assert_eq!(
        before.0, after.0,
        "the maximum is the same for other content"
    );
    assert_ne!(before.1, after.1);

    // Two writes come within a second.
    let max = "SELECT max(updated_at) FROM notes";
    let before = both(&database, max).await;
    execute(
        &database,
        "UPDATE notes SET text = 'x', updated_at = 1763715600",
    )
    .await;
    let after = both(&database, max).await;
    assert_eq!(
        before.0, after.0,
        "the maximum is the same for other content"
    );
    assert_ne!(before.1, after.1);
}

/// A version becomes visible with the commit of its writer.
#[tokio::test]
async fn a_version_comes_with_its_commit() {
    let file = TempFile::new();
    let [reader, writer] = [(); 2].map(|()| Database::open(&file).unwrap());
    execute(&writer, crate::test_support::NOTES).await;
    schema().install(&writer).await.unwrap();
    let all = || Scope::table("notes");
    let before = tag(&reader, all()).await;

    let (written, is_written) = tokio::sync::oneshot::channel();
    let (commit, committed) = std::sync::mpsc::channel::<()>();
    let writing = writer.run(move |connection| {
        let transaction = connection.transaction()?;
        transaction.execute("INSERT INTO notes VALUES (1, 'a', 'one')", ())?;
        let _ = written.send(());
        let _ = committed.recv();
        transaction.commit()
    });
    let reading = async {
        is_written.await.unwrap();
        let uncommitted = tag(&reader, all()).await;
        drop(commit);
        uncommitted
    };
    let (done, uncommitted) = tokio::join!(writing, reading);
    done.unwrap();
    assert_eq!(uncommitted, before);
    assert_ne!(tag(&reader, all()).await, before);
}

/// Issue 10, B.5, R-9110-8.8.3-a: rows, groups and tables have equal versions.
#[tokio::test]
async fn equal_versions_of_two_scopes_have_two_tags() {
    let database = notes().await;
    execute(
        &database,
        "INSERT INTO notes VALUES (4, 'a', 'four'), (5, 'b', 'five');
         UPDATE conditional_versions SET version = 7",
    )
    .await;
    let keyed = VersionTags::keyed([7; 16]).unwrap();
    for tags in [VersionTags::plain(), keyed] {
        let source = VersionSource::new(database.clone(), scope_of).tags(tags.clone());
        let mut seen = HashSet::new();
        for scope in [
            Scope::row("notes", 4),
            Scope::row("notes", 5),
            Scope::group("notes", "tenant", "a"),
            Scope::group("notes", "tenant", "b"),
            Scope::table("notes"),
        ] {
            let found = source.current(&request_for(scope.clone())).await.unwrap();
            let expected = tags.scope(&scope).number(7);
            assert_eq!(tag_text(&found).unwrap(), expected.to_string());
            assert!(seen.insert(expected.to_string()), "{scope:?}");
        }
    }
}
