//! Tables that are swapped, rewritten or truncated, and numbers that are lost.

use deadpool_postgres::{Object, Pool};
use tower_conditional_postgres::{Install, Schema, Watch};
use tower_conditional_testing::Postgres;

use crate::support::{
    connection, database, install, notes, pool, row, run, table, tag, tenant, versions, watch_notes,
};
use crate::unsound::{notes_schema, reasons};

/// Two watched tables swap their names.
#[tokio::test]
async fn swapped_tables_are_found() {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE one (id bigint PRIMARY KEY); CREATE TABLE two (id bigint PRIMARY KEY)",
    )
    .await;
    let both = Schema::new()
        .watch(Watch::table("one").each_row("id"))
        .and_then(|schema| schema.watch(Watch::table("two").each_row("id")))
        .expect("two watches");
    both.install(&*connection(&pool).await)
        .await
        .expect("it is installed");
    let swap = "ALTER TABLE one RENAME TO other; ALTER TABLE two RENAME TO one;
        ALTER TABLE other RENAME TO two";
    run(&pool, swap).await;
    let said = reasons(&pool, &both).await.expect("reasons");
    assert!(
        said.contains("\"one\" was rewritten") && said.contains("\"two\" was rewritten"),
        "{said}"
    );
    both.install(&*connection(&pool).await)
        .await
        .expect("it is installed");
    assert_eq!(reasons(&pool, &both).await, None);
}

/// Issue 11, B.3: all tags of a rewritten table are new.
#[tokio::test]
async fn a_rewritten_table_gets_new_tags() {
    for sql in [
        "ALTER TABLE notes ALTER text TYPE text USING upper(text)",
        "ALTER TABLE notes ADD mood text DEFAULT 'good'",
        "DELETE FROM conditional_versions WHERE slot = -1",
    ] {
        let pool = notes().await;
        run(&pool, "INSERT INTO notes VALUES (1, 'a', 'x')").await;
        let scopes = [row(1), tenant("a"), table()];
        let mut before = Vec::new();
        for scope in &scopes {
            before.push(versions(&pool, scope).await);
        }
        run(&pool, sql).await;
        install(&pool, watch_notes()).await;
        for (scope, before) in scopes.iter().zip(before) {
            assert_ne!(versions(&pool, scope).await, before, "{sql} {scope:?}");
        }
        assert_eq!(reasons(&pool, &notes_schema()).await, None);
    }
}

/// `TRUNCATE` rewrites the table too, but its trigger sees it.
#[tokio::test]
async fn a_truncated_table_is_not_a_fault() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'x')").await;
    run(
        &pool,
        "TRUNCATE notes; INSERT INTO notes VALUES (1, 'a', 'x')",
    )
    .await;
    assert_eq!(reasons(&pool, &notes_schema()).await, None);
    let before = tag(&pool, &row(1)).await;
    install(&pool, watch_notes()).await;
    assert_eq!(tag(&pool, &row(1)).await, before);
}

/// Issue 11, B.3: `TRUNCATE` removes rows that its transaction does not see. With an
/// older snapshot, their versions would stay.
#[tokio::test]
async fn truncate_removes_versions_of_rows_it_does_not_see() {
    let pool = notes().await;
    for (level, truncates) in [("READ COMMITTED", true), ("REPEATABLE READ", false)] {
        let client = connection(&pool).await;
        let begin = format!("BEGIN ISOLATION LEVEL {level}; SELECT FROM notes");
        client.batch_execute(&begin).await.expect("a snapshot");
        run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
        let truncated = client.batch_execute("TRUNCATE notes").await;
        assert_eq!(truncated.is_ok(), truncates, "{level}");
        client.batch_execute("COMMIT").await.expect("an end");
        let there = !versions(&pool, &row(1)).await.is_empty();
        assert_eq!(there, !truncates, "{level}");
    }
}

/// Issue 11, B.3: a crash loses commits whose numbers clients have seen as tags.
#[tokio::test]
async fn lost_numbers_are_not_used_again() {
    let server = Postgres::start();
    let pool = pool(&server.url());
    let sql = "CREATE TABLE notes (id bigint PRIMARY KEY, text text)";
    run(&pool, sql).await;
    run(&pool, "INSERT INTO notes VALUES (1, '')").await;
    run(&pool, "ALTER SYSTEM SET wal_writer_delay = '10s'").await;
    run(&pool, "ALTER SYSTEM SET synchronous_commit = off").await;
    server.restart();

    let schema = Schema::new().watch(Watch::table("notes").each_row("id"));
    let schema = schema.expect("a watch");
    let (mut seen, mut last, mut lost) = (Vec::new(), None, 0);
    for _ in 0..4 {
        let client = connect_again(&pool).await;
        schema.install(&client).await.expect("it is installed");
        let version = async || {
            let sql = "SELECT version FROM conditional_versions WHERE scope = 'row/notes/1'";
            let row = client.query_one(sql, &[]).await.expect("a version");
            row.get::<_, i64>(0)
        };
        lost += usize::from(last.is_some() && last != Some(version().await));
        // This is too little to fill a page of the log, which would be flushed.
        for _ in 0..5 {
            // PostgreSQL logs 32 numbers of a sequence before it uses the first.
            let write = "UPDATE notes SET text = 'x';
                SELECT nextval('\"conditional_versions/numbers\"') FROM generate_series(1, 33)";
            client.batch_execute(write).await.expect("it is written");
            seen.push(version().await);
        }
        last = seen.last().copied();
        server.kill_and_restart();
    }
    assert_ne!(lost, 0, "no commit was lost");
    assert!(
        seen.is_sorted_by(|one, next| one < next),
        "numbers came again: {seen:?}"
    );
}

/// Connects to a server that was killed and is starting again.
async fn connect_again(pool: &Pool) -> Object {
    loop {
        let client = connection(pool).await;
        if client.batch_execute("SELECT").await.is_ok() {
            return client;
        }
        drop(Object::take(client));
    }
}
