//! The installation beside writers, and its repetition.

use tokio_postgres::IsolationLevel;
use tower_conditional_postgres::{Install, Schema, Watch};

use crate::support::{
    connection, database, install, keys::set, notes, row, run, table, tenant, versions, waiting,
    watch_notes,
};
use crate::triggers::changed;

#[tokio::test]
async fn existing_rows_get_versions() {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text, text text NOT NULL DEFAULT '');
         INSERT INTO notes VALUES (1, 'a'), (2, 'b')",
    )
    .await;
    install(&pool, watch_notes()).await;
    for scope in [row(1), row(2), tenant("a"), tenant("b"), table()] {
        assert_eq!(versions(&pool, &scope).await.len(), 1, "{scope:?}");
    }
}

/// The installation waits for a writer that came first, and its rows get versions.
/// Writers that come later wait, and their rows get versions too.
#[tokio::test]
async fn back_filling_misses_no_writer() {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text, text text NOT NULL DEFAULT '');
         INSERT INTO notes VALUES (1, 'a'), (2, 'a')",
    )
    .await;
    let mut early = connection(&pool).await;
    let writing = early.transaction().await.expect("a transaction");
    let sql = "INSERT INTO notes VALUES (3, 'a'); DELETE FROM notes WHERE id = 2";
    writing.batch_execute(sql).await.expect("writes");

    let installing = tokio::spawn({
        let pool = pool.clone();
        async move { install(&pool, watch_notes()).await }
    });
    waiting(&pool, 1).await;
    let late = tokio::spawn({
        let pool = pool.clone();
        async move {
            run(
                &pool,
                "DELETE FROM notes WHERE id = 1; INSERT INTO notes VALUES (4)",
            )
            .await
        }
    });
    waiting(&pool, 2).await;
    writing.commit().await.expect("a commit");
    installing.await.expect("it is installed");
    late.await.expect("it is written");

    let mut there = Vec::new();
    for id in 1..=4 {
        there.push(!versions(&pool, &row(id)).await.is_empty());
    }
    assert_eq!(there, [false, false, true, true]);
}

#[tokio::test]
async fn a_repeated_installation_changes_nothing() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let scopes = [row(1), tenant("a"), table()];
    let sql = Schema::new().watch(watch_notes()).expect("a watch").sql();
    assert_eq!(changed(&pool, &sql, &scopes).await, [false; 3]);
    assert_eq!(
        changed(&pool, &format!("BEGIN; {sql} COMMIT"), &scopes).await,
        [false; 3]
    );
    // Several installations at once, as when replicas start together.
    let installs: Vec<_> = (0..6)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { install(&pool, watch_notes().slots(3)).await })
        })
        .collect();
    for install in installs {
        install.await.expect("it is installed");
    }
}

/// Rows that were written without triggers get new versions from the next installation.
#[tokio::test]
async fn an_installation_renews_versions_written_without_triggers() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a'), (2, 'a')").await;
    let before = versions(&pool, &row(1)).await;
    for off in [
        "ALTER TABLE notes DISABLE TRIGGER USER",
        "DROP TRIGGER \"conditional_versions/update\" ON notes",
    ] {
        let sql = format!("{off}; UPDATE notes SET text = text || 'x'");
        let scopes = [row(1), tenant("a"), table()];
        assert_eq!(changed(&pool, &sql, &scopes).await, [false; 3]);
        let sql = Schema::new().watch(watch_notes()).expect("a watch").sql()
            + "ALTER TABLE notes ENABLE TRIGGER USER";
        assert_eq!(changed(&pool, &sql, &scopes).await, [true; 3], "{off}");
    }
    run(&pool, "DELETE FROM notes WHERE id = 1").await;
    assert_eq!(versions(&pool, &row(1)).await, []);
    assert_ne!(versions(&pool, &row(2)).await, before);
    // A row that was deleted without triggers is absent.
    let sql = "ALTER TABLE notes DISABLE TRIGGER USER; DELETE FROM notes";
    assert!(!changed(&pool, sql, &[row(2)]).await[0]);
    install(&pool, watch_notes()).await;
    assert_eq!(versions(&pool, &row(2)).await, []);
}

/// Tables of the same name that are something else.
#[tokio::test]
async fn a_table_of_versions_of_another_form_is_an_error() {
    for columns in [
        "id bigint PRIMARY KEY",
        "scope text, slot integer, version bigint",
        "scope text, slot integer, version text, PRIMARY KEY (scope, slot)",
    ] {
        let pool = database();
        run(
            &pool,
            &format!(
                "CREATE TABLE notes (id bigint PRIMARY KEY);
                CREATE TABLE conditional_versions ({columns});
                CREATE SEQUENCE \"conditional_versions/numbers\""
            ),
        )
        .await;
        let schema = Schema::new().watch(Watch::table("notes").each_row("id"));
        let schema = schema.expect("a good watch");
        let client = connection(&pool).await;
        schema.install(&client).await.expect_err(columns);
    }
}

/// The default level of the database does not count, and a transaction of the caller stays open.
#[tokio::test]
async fn the_schema_is_installed_at_each_isolation_level() {
    let schema = Schema::new().watch(watch_notes()).expect("a good watch");
    for level in ["read committed", "repeatable read", "serializable"] {
        let pool = database();
        set(&pool, "default_transaction_isolation", level).await;
        run(
            &pool,
            "CREATE TABLE notes (id int PRIMARY KEY, tenant_id text, text text)",
        )
        .await;
        let mut client = connection(&pool).await;
        for _ in 0..2 {
            schema.install(&client).await.expect(level);
        }
        schema.verify(&client).await.expect(level);
        let row = client.query_one("SHOW transaction_isolation", &[]).await;
        assert_eq!(row.expect("a level").get::<_, &str>(0), level);

        let start = client.build_transaction();
        let start = start.isolation_level(IsolationLevel::ReadCommitted);
        let tx = start.start().await.expect("a transaction");
        tx.batch_execute("DROP TABLE conditional_versions CASCADE")
            .await
            .expect("a change");
        schema.install(tx.client()).await.expect(level);
        tx.rollback().await.expect("a rollback");
        schema.verify(&client).await.expect(level);
    }
}
