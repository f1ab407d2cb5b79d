//! Tables whose content could change while its tags stay: refused, or found later.

use deadpool_postgres::{Object, Pool};
use tower_conditional_postgres::{Error, ErrorKind, Install, Schema, Watch};

use crate::support::{connection, database, install, notes, reason, run, versions, watch_notes};

pub(crate) fn notes_schema() -> Schema {
    Schema::new().watch(watch_notes()).expect("a watch")
}

async fn refused(pool: &Pool, schema: &Schema) -> String {
    let client = connection(pool).await;
    let error = schema.install(&client).await.expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    reason(&error)
}

/// Returns the faults that [`Schema::verify`] finds.
pub(crate) async fn reasons(pool: &Pool, schema: &Schema) -> Option<String> {
    let verified = schema.verify(&*connection(pool).await).await;
    let error = verified.err()?;
    assert_eq!(error.kind(), ErrorKind::Changed, "{error:?}");
    Some(reason(&error))
}

const CASELESS: &str = "CREATE COLLATION caseless
    (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

/// Issue 11, B.3: each fault is refused with its reason.
#[tokio::test]
async fn a_table_whose_tags_could_become_stale_is_refused() {
    for (sql, reason) in [
        (
            "CREATE UNLOGGED TABLE notes (id bigint PRIMARY KEY, tenant_id text)",
            "table \"notes\" is unlogged or temporary",
        ),
        (
            "CREATE TABLE notes (id bigint, tenant_id text)",
            "no primary key or unique index is on column \"id\" of table \"notes\" alone",
        ),
        (
            "CREATE TABLE notes (id bigint, tenant_id text); CREATE INDEX ON notes (id)",
            "no primary key or unique index",
        ),
        (
            "CREATE TABLE notes (id bigint, tenant_id text, PRIMARY KEY (id, tenant_id))",
            "no primary key or unique index",
        ),
        (
            "CREATE TABLE notes (id bigint, tenant_id text);
             CREATE UNIQUE INDEX ON notes (id) WHERE tenant_id = 'a'",
            "no primary key or unique index",
        ),
        (
            "CREATE TABLE notes (id bigint, tenant_id text); CREATE UNIQUE INDEX ON notes ((id + 1))",
            "no primary key or unique index",
        ),
        (
            &format!(
                "{CASELESS}; CREATE TABLE notes (id text COLLATE caseless PRIMARY KEY, tenant_id text)"
            ),
            "column \"id\" of table \"notes\" has a nondeterministic collation",
        ),
        (
            &format!(
                "{CASELESS}; CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text COLLATE caseless)"
            ),
            "column \"tenant_id\" of table \"notes\" has a nondeterministic",
        ),
        (
            "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id char(3))",
            "column \"tenant_id\" of table \"notes\" is no integer",
        ),
        (
            "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text) PARTITION BY RANGE (id)",
            "\"notes\" is not a table by itself",
        ),
        ("SELECT", "there is no table \"notes\""),
    ] {
        let pool = database();
        run(&pool, sql).await;
        let said = refused(&pool, &notes_schema()).await;
        assert!(said.contains(reason), "{sql}: {said}");
    }
    let pool = database();
    run(
        &pool,
        "CREATE UNLOGGED TABLE events (id bigint PRIMARY KEY, event text)",
    )
    .await;
    let schema = Schema::new().events("events").expect("a name");
    let said = refused(&pool, &schema).await;
    assert!(said.contains("table \"events\" is unlogged"), "{said}");
}

/// Issue 11, B.3: the check finds faults that come after the installation.
#[tokio::test]
async fn later_changes_are_found() {
    for (sql, reason) in [
        ("ALTER TABLE notes SET UNLOGGED", "unlogged"),
        ("ALTER TABLE conditional_versions SET UNLOGGED", "unlogged"),
        // The effect of `ALTER SEQUENCE .. SET UNLOGGED` in PostgreSQL 15.
        (
            "UPDATE pg_class SET relpersistence = 'u'
             WHERE relname = 'conditional_versions/numbers'",
            "unlogged",
        ),
        (
            "ALTER TABLE conditional_versions ENABLE ROW LEVEL SECURITY",
            "row-level security",
        ),
        (
            "ALTER TABLE notes DROP CONSTRAINT notes_pkey",
            "no primary key",
        ),
        // The state after a `CREATE INDEX CONCURRENTLY` that failed.
        (
            "UPDATE pg_index SET indisvalid = false WHERE indrelid = 'notes'::regclass",
            "no primary key",
        ),
        (
            "CREATE TABLE parents (LIKE notes) PARTITION BY RANGE (id);
             ALTER TABLE parents ATTACH PARTITION notes DEFAULT",
            "not a table by itself",
        ),
        (
            "CREATE TABLE more () INHERITS (notes)",
            "not a table by itself",
        ),
        (
            "ALTER TABLE notes DISABLE TRIGGER ALL",
            "the triggers of table \"notes\"",
        ),
        (
            "DROP TRIGGER \"conditional_versions/delete\" ON notes",
            "the triggers of table \"notes\"",
        ),
        (
            "ALTER TABLE notes RENAME TO old; CREATE TABLE notes (LIKE old INCLUDING ALL)",
            "the triggers of table \"notes\"",
        ),
        (
            "TRUNCATE conditional_versions",
            "the versions of table \"notes\" are gone",
        ),
        (
            "ALTER TABLE notes ALTER text TYPE text USING upper(text)",
            "table \"notes\" was rewritten",
        ),
        (
            "ALTER TABLE notes ADD mood text DEFAULT 'good'",
            "table \"notes\" was rewritten",
        ),
        // These two keep the file of the table.
        (
            "ALTER TABLE notes ALTER text TYPE varchar",
            "table \"notes\" was rewritten",
        ),
        (
            "ALTER TABLE notes ALTER text TYPE text COLLATE \"C\"",
            "table \"notes\" was rewritten",
        ),
        (
            "ALTER TABLE notes RENAME text TO body",
            "table \"notes\" was rewritten",
        ),
        (
            "ALTER TABLE notes DROP text",
            "table \"notes\" was rewritten",
        ),
        ("DROP TABLE notes", "there is no table \"notes\""),
    ] {
        let pool = notes().await;
        let schema = notes_schema();
        assert_eq!(reasons(&pool, &schema).await, None);
        run(&pool, sql).await;
        let said = reasons(&pool, &schema).await.expect(sql);
        assert!(said.contains(reason), "{sql}: {said}");
    }
}

/// Issue 11, B.3: columns may have the names of variables in a trigger.
#[tokio::test]
async fn columns_may_have_the_names_of_variables() {
    let names = [
        "new", "old", "tg_op", "found", "tg_relid", "scope", "version", "slot", "written", "gone",
        "new_rows", "notes",
    ];
    let pool = database();
    let columns: Vec<_> = names
        .iter()
        .map(|name| format!("\"{name}\" text"))
        .collect();
    for key in names {
        let table = format!("by_{key}");
        let sql = format!(
            "CREATE TABLE {table} ({}, UNIQUE (\"{key}\"))",
            columns.join(", ")
        );
        run(&pool, &sql).await;
        let mut watch = Watch::table(&table).each_row(key).whole_table();
        for name in names {
            watch = watch.each_group(name);
        }
        install(&pool, watch).await;
        let row = tower_conditional_postgres::Scope::row(&table, "x");
        let group = tower_conditional_postgres::Scope::group(&table, "old", "x");
        let mut seen = Vec::new();
        for sql in [
            format!("INSERT INTO {table} (\"{key}\") VALUES ('x')"),
            format!("UPDATE {table} SET new = 'x', old = 'x', tg_op = 'x'"),
            format!("UPDATE {table} SET found = 'x'"),
        ] {
            run(&pool, &sql).await;
            let (one, all) = (versions(&pool, &row).await, versions(&pool, &group).await);
            assert_eq!(one.len(), 1, "{sql}");
            assert!(!seen.contains(&(one.clone(), all.clone())), "{sql}");
            seen.push((one, all));
        }
        assert_ne!(seen[1].1, seen[2].1, "the group of {table}");
        run(&pool, &format!("DELETE FROM {table}")).await;
        assert_eq!(versions(&pool, &row).await, [], "{table}");
    }
}

/// The check needs no right to write.
#[tokio::test]
async fn verification_needs_no_right_to_write() {
    let pool = notes().await;
    run(
        &pool,
        "DROP ROLE IF EXISTS verifier; CREATE ROLE verifier;
         GRANT SELECT ON conditional_versions TO verifier",
    )
    .await;
    let client = connection(&pool).await;
    client
        .batch_execute("SET ROLE verifier; SET default_transaction_read_only = on")
        .await
        .expect("a role");
    let verified: Result<(), Error> = notes_schema().verify(&client).await;
    verified.expect("nothing has changed");
    drop(Object::take(client));
}
