use deadpool_postgres::Pool;
use tower_conditional_postgres::{Install, InvalidSchema, Schema, Scope, Watch};

use crate::support::{
    connection, database, install, notes, row, run, table, tenant, versions, waiting, watch_notes,
};

/// Runs SQL and returns which of the scopes have another version afterwards.
async fn changed(pool: &Pool, sql: &str, scopes: &[Scope]) -> Vec<bool> {
    let mut before = Vec::new();
    for scope in scopes {
        before.push(versions(pool, scope).await);
    }
    run(pool, sql).await;
    let mut changed = Vec::new();
    for (scope, before) in scopes.iter().zip(before) {
        changed.push(versions(pool, scope).await != before);
    }
    changed
}

#[tokio::test]
async fn each_statement_changes_the_versions_of_its_scopes() {
    let pool = notes().await;
    run(
        &pool,
        "INSERT INTO notes VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, NULL);
         CREATE TABLE parents (id bigint PRIMARY KEY);
         INSERT INTO parents VALUES (1);
         ALTER TABLE notes ADD parent bigint REFERENCES parents ON DELETE CASCADE",
    )
    .await;
    let scopes = [row(1), row(2), row(9), tenant("a"), tenant("b"), table()];
    let (t, f) = (true, false);
    for (sql, expected) in [
        (
            "UPDATE notes SET text = 'x' WHERE id = 1",
            [t, f, f, t, f, t],
        ),
        (
            "UPDATE notes SET text = 'x' WHERE tenant_id = 'a'",
            [t, t, f, t, f, t],
        ),
        (
            "UPDATE notes SET text = 'x' WHERE id = 4",
            [f, f, f, f, f, t],
        ),
        // The row moves from one group to another, and from one key to another.
        (
            "UPDATE notes SET tenant_id = 'b' WHERE id = 2",
            [f, t, f, t, t, t],
        ),
        ("UPDATE notes SET id = 9 WHERE id = 2", [f, t, t, f, t, t]),
        (
            "UPDATE notes SET id = CASE id WHEN 1 THEN 101 ELSE id END",
            [t, f, t, t, t, t],
        ),
        ("UPDATE notes SET id = 1 WHERE id = 101", [t, f, f, t, f, t]),
        // The statement changes no row.
        (
            "UPDATE notes SET text = 'x' WHERE id = 77",
            [f, f, f, f, f, f],
        ),
        ("DELETE FROM notes WHERE id = 77", [f, f, f, f, f, f]),
        (
            "INSERT INTO notes SELECT * FROM notes LIMIT 0",
            [f, f, f, f, f, f],
        ),
        // Other statements that write.
        (
            "INSERT INTO notes VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET text = 'y'",
            [t, f, f, t, f, t],
        ),
        (
            "INSERT INTO notes VALUES (1, 'a') ON CONFLICT DO NOTHING",
            [f, f, f, f, f, f],
        ),
        (
            "WITH gone AS (DELETE FROM notes WHERE id = 1 RETURNING id, tenant_id)
             INSERT INTO notes SELECT id, tenant_id, 'moved' FROM gone",
            [t, f, f, t, f, t],
        ),
        (
            "MERGE INTO notes USING (VALUES (1), (2)) AS new (id) ON notes.id = new.id
             WHEN MATCHED THEN UPDATE SET text = 'z'
             WHEN NOT MATCHED THEN INSERT VALUES (new.id, 'b')",
            [t, t, f, t, t, t],
        ),
        (
            "UPDATE notes SET parent = 1 WHERE id = 2",
            [f, t, f, f, t, t],
        ),
        ("DELETE FROM parents", [f, t, f, f, t, t]),
        ("DELETE FROM notes WHERE id = 9", [f, f, t, f, t, t]),
        ("TRUNCATE notes", [t, f, f, t, t, t]),
    ] {
        assert_eq!(changed(&pool, sql, &scopes).await, expected, "{sql}");
    }
    // The version of a row is deleted with it. Those of collections stay.
    for id in [1, 2, 3, 4, 9] {
        assert_eq!(versions(&pool, &row(id)).await, []);
    }
    assert_ne!(versions(&pool, &tenant("b")).await, []);
}

#[tokio::test]
async fn a_row_that_comes_back_never_has_an_old_version() {
    let pool = notes().await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
        seen.push(versions(&pool, &row(1)).await[0].1);
        run(&pool, "UPDATE notes SET text = text || 'x'").await;
        seen.push(versions(&pool, &row(1)).await[0].1);
        run(&pool, "DELETE FROM notes").await;
        assert_eq!(versions(&pool, &row(1)).await, []);
    }
    assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
}

/// A trigger of the application inserts the row again before our trigger runs.
#[tokio::test]
async fn a_row_that_a_trigger_inserts_again_is_present() {
    let pool = notes().await;
    run(
        &pool,
        "CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO notes VALUES (OLD.id, OLD.tenant_id, 'back'); RETURN NULL; END $$;
         CREATE TRIGGER a AFTER DELETE ON notes FOR EACH ROW EXECUTE FUNCTION put_back();
         INSERT INTO notes VALUES (1, 'a')",
    )
    .await;
    let before = versions(&pool, &row(1)).await;
    run(&pool, "DELETE FROM notes").await;
    let after = versions(&pool, &row(1)).await;
    assert_eq!(after.len(), 1);
    assert_ne!(after, before);
}

#[tokio::test]
async fn a_rollback_changes_no_version() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let scopes = [row(1), tenant("a"), table()];
    let sql = "BEGIN; UPDATE notes SET text = 'x'; TRUNCATE notes; ROLLBACK";
    assert_eq!(changed(&pool, sql, &scopes).await, [false; 3]);
}

/// SQL and Rust spell a scope in the same way, for all names and values.
#[tokio::test]
async fn sql_and_rust_spell_scopes_in_the_same_way() {
    let pool = database();
    let odd = "no'tes/ä%\"$conditional$\\";
    let quoted = odd.replace('"', "\"\"");
    run(
        &pool,
        &format!("CREATE TABLE \"{quoted}\" (\"k'e\\y\"\"\" text PRIMARY KEY, \"of/%\" varchar)"),
    )
    .await;
    let watch = || {
        Watch::table(odd)
            .each_row("k'e\\y\"")
            .each_group("of/%")
            .whole_table()
    };
    install(&pool, watch()).await;
    let insert = format!("INSERT INTO \"{quoted}\" VALUES ($1, $1::text)");
    for value in [
        "",
        "/",
        "%",
        "%2F",
        "a/b",
        "'",
        "\"",
        "\\",
        "ä",
        "日本 語",
        "\u{10ffff}",
        "row/x",
    ] {
        connection(&pool)
            .await
            .execute(&insert, &[&value])
            .await
            .expect("an insert");
        for scope in [Scope::row(odd, value), Scope::group(odd, "of/%", value)] {
            assert_eq!(versions(&pool, &scope).await.len(), 1, "{scope:?}");
        }
    }
    assert_eq!(versions(&pool, &Scope::table(odd)).await.len(), 1);

    let again = Schema::new().watch(watch()).expect("a watch").sql();
    let scopes = [Scope::row(odd, "'"), Scope::table(odd)];
    assert_eq!(changed(&pool, &again, &scopes).await, [false; 2]);
}

#[tokio::test]
async fn keys_of_every_type_are_spelled_as_postgres_does() {
    for (kind, value, spelled) in [
        ("smallint", "'-7'", "-7"),
        ("integer", "007", "7"),
        (
            "uuid",
            "'67E55044-10B1-426F-9247-BB680E5FE0C8'",
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
        ),
        ("varchar(9)", "'a '", "a "),
    ] {
        let pool = database();
        run(
            &pool,
            &format!("CREATE TABLE notes (id {kind} PRIMARY KEY)"),
        )
        .await;
        install(&pool, Watch::table("notes").each_row("id")).await;
        run(&pool, &format!("INSERT INTO notes VALUES ({value})")).await;
        assert_eq!(versions(&pool, &row(spelled)).await.len(), 1, "{kind}");
    }
}

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

#[tokio::test]
async fn tables_whose_writes_are_not_seen_are_refused() {
    for sql in [
        "CREATE TABLE notes (id bigint PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE notes (id bigint PRIMARY KEY); CREATE TABLE more () INHERITS (notes)",
        "CREATE VIEW notes AS SELECT 1 AS id",
        "CREATE TABLE notes (id timestamptz PRIMARY KEY)",
        "CREATE TABLE notes (other bigint PRIMARY KEY)",
        "SELECT",
    ] {
        let pool = database();
        run(&pool, sql).await;
        let schema = Schema::new()
            .watch(Watch::table("notes").each_row("id"))
            .expect("a watch");
        let client = connection(&pool).await;
        assert!(schema.install(&client).await.is_err(), "{sql}");
    }
    let pool = notes().await;
    let sql = Schema::new().sql();
    let repeatable = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; {sql}");
    assert!(
        connection(&pool)
            .await
            .batch_execute(&repeatable)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn other_names_and_schemas_are_possible() {
    let pool = database();
    run(
        &pool,
        "CREATE SCHEMA app; CREATE SCHEMA other;
         CREATE TABLE app.notes (id bigint PRIMARY KEY);
         CREATE TABLE public.notes (id bigint PRIMARY KEY)",
    )
    .await;
    let schema = Schema::new()
        .versions_table("other.versions")
        .expect("a name");
    let schema = schema
        .watch(Watch::table("app.notes").each_row("id"))
        .expect("a watch");
    let schema = schema
        .watch(Watch::table("notes").each_row("id"))
        .expect("a watch");
    let client = connection(&pool).await;
    schema.install(&client).await.expect("the migration runs");
    run(
        &pool,
        "INSERT INTO app.notes VALUES (1); INSERT INTO public.notes VALUES (2)",
    )
    .await;
    let rows = connection(&pool).await;
    let rows = rows
        .query(
            "SELECT scope FROM other.versions WHERE slot = 0 ORDER BY 1",
            &[],
        )
        .await;
    let scopes: Vec<String> = rows.expect("rows").iter().map(|row| row.get(0)).collect();
    assert_eq!(scopes, ["row/app.notes/1", "row/notes/2"]);
}

#[test]
fn invalid_schemas_are_refused() {
    let watch = |watch: Watch| Schema::new().watch(watch).expect_err("it is refused");
    let long = "x".repeat(64);
    for name in ["", "a\0", "a.b.c", ".a", "a.", &long] {
        let refused = watch(Watch::table(name).whole_table());
        assert!(matches!(refused, InvalidSchema::Name(_)), "{name}");
        assert!(Schema::new().versions_table(name).is_err(), "{name}");
        assert!(Schema::new().events(name).is_err(), "{name}");
    }
    for column in ["", "a\0", &long] {
        assert!(matches!(
            watch(Watch::table("a").each_row(column)),
            InvalidSchema::Name(_)
        ));
        assert!(matches!(
            watch(Watch::table("a").each_group(column)),
            InvalidSchema::Name(_)
        ));
    }
    assert_eq!(
        watch(Watch::table("a")),
        InvalidSchema::NothingWatched("a".into())
    );
    for slots in [0, 65] {
        let refused = watch(Watch::table("a").whole_table().slots(slots));
        assert_eq!(refused, InvalidSchema::Slots(slots));
    }
    let twice = InvalidSchema::DuplicateName("a".into());
    assert_eq!(
        watch(Watch::table("b").each_group("a").each_group("a")),
        twice
    );
    assert_eq!(
        watch(Watch::table("conditional_versions").whole_table()).to_string(),
        "duplicate name \"conditional_versions\": use each table and column once"
    );
    let once = Schema::new()
        .watch(Watch::table("public.a").whole_table())
        .expect("a watch");
    assert_eq!(once.clone().events("a").expect_err("twice"), twice);
    assert_eq!(
        once.watch(Watch::table("a").each_row("id"))
            .expect_err("twice"),
        twice
    );
}
