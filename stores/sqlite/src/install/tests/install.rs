use http::request::Parts;
use tower_conditional::ValidatorSource;

use super::{all, changed, of, row, tags};
use crate::{
    Database, ErrorKind, Install, Schema, VersionSource, Watch,
    test_support::{NOTES, TempFile, current, execute, notes, request_for, schema, tag},
};

#[tokio::test]
async fn rows_that_are_there_already_get_versions() {
    let database = Database::in_memory().unwrap();
    execute(&database, NOTES).await;
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'), (2, NULL, 'two')",
    )
    .await;
    schema().install(&database).await.unwrap();
    let before = tags(&database).await;
    assert!(before.iter().all(Option::is_some));
    assert_eq!(
        changed(&database, "UPDATE notes SET text = 'x' WHERE id = 1").await,
        [true, false, true, true, false]
    );
}

#[tokio::test]
async fn installing_again_keeps_the_versions() {
    let database = notes().await;
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'), (2, 'b', 'two')",
    )
    .await;
    let before = tags(&database).await;
    schema().install(&database).await.unwrap();
    // A migration tool may run it without a transaction.
    execute(&database, schema().sql()).await;
    assert_eq!(tags(&database).await, before);
}

/// Writes without triggers are unknown, so every tag is new.
#[tokio::test]
async fn a_table_that_was_rebuilt_gets_new_versions() {
    let database = notes().await;
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'), (2, 'b', 'two')",
    )
    .await;
    let before = tags(&database).await;
    execute(
        &database,
        "CREATE TABLE rebuilt (id INTEGER PRIMARY KEY, tenant TEXT, text TEXT);
         INSERT INTO rebuilt SELECT id, tenant, upper(text) FROM notes;
         DROP TABLE notes;
         ALTER TABLE rebuilt RENAME TO notes;",
    )
    .await;
    schema().install(&database).await.unwrap();
    let after = tags(&database).await;
    for (before, after) in before.iter().zip(&after) {
        assert!(after.is_some());
        assert_ne!(before, after);
    }
}

#[tokio::test]
async fn a_watch_may_change() {
    let database = notes().await;
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let before = tag(&database, row(1)).await;
    let rows = Schema::new()
        .watch(Watch::table("notes").each_row("id"))
        .unwrap();
    rows.install(&database).await.unwrap();
    assert_ne!(tag(&database, row(1)).await, before);
    for ended in [all(), of("a")] {
        let error = current(&database, ended).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotWatched);
    }
}

/// A writer of another connection comes before the triggers, and then its row is
/// back-filled, or after them.
#[tokio::test(flavor = "multi_thread")]
async fn installing_misses_no_concurrent_writer() {
    let file = TempFile::new();
    let [database, other] = [(); 2].map(|()| Database::open(&file).unwrap());
    execute(&database, NOTES).await;
    let writing = tokio::spawn(async move {
        for id in 0..200 {
            execute(
                &other,
                format!("INSERT INTO notes VALUES ({id}, 'a', {id})"),
            )
            .await;
        }
    });
    for _ in 0..20 {
        schema().install(&database).await.unwrap();
    }
    writing.await.unwrap();
    let missed = database.run(|connection| {
        connection.query_row(
            "SELECT count(*) FROM notes
             WHERE 'row/notes/' || id NOT IN (SELECT scope FROM conditional_versions)",
            (),
            |row| row.get::<_, i64>(0),
        )
    });
    assert_eq!(missed.await.unwrap(), 0);
}

#[tokio::test]
async fn the_table_of_versions_may_have_another_name() {
    let database = Database::in_memory().unwrap();
    execute(&database, NOTES).await;
    let schema = schema().versions_table("odd \"name\"").unwrap();
    schema.install(&database).await.unwrap();
    let error = current(&database, all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    let source = VersionSource::new(database, |_: &Parts| Some(all()));
    let source = source.versions_table("odd \"name\"").unwrap();
    let request = request_for(all());
    source.current(&request).await.unwrap();
}

/// Each table has its own declaration, so installing one of them again forgets no other.
#[tokio::test]
async fn two_tables_keep_their_versions() {
    let database = notes().await;
    execute(
        &database,
        "CREATE TABLE other (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1, 'a', 'one')",
    )
    .await;
    let other = Watch::table("other").whole_table();
    let both = schema().watch(other).unwrap();
    both.install(&database).await.unwrap();
    let before = tags(&database).await;
    both.install(&database).await.unwrap();
    assert_eq!(tags(&database).await, before);
}
