//! The versions that the triggers change.

use deadpool_postgres::Pool;
use tower_conditional_postgres::Scope;

use crate::support::{notes, row, run, table, tenant, versions};

/// Runs SQL and returns which of the scopes have another version afterwards.
pub(crate) async fn changed(pool: &Pool, sql: &str, scopes: &[Scope]) -> Vec<bool> {
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
