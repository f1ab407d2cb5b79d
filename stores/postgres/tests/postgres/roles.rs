//! Row-level security, and roles without rights.

use deadpool_postgres::Pool;
use http::request::Parts;
use tower_conditional::{Current, ValidatorSource};
use tower_conditional_postgres::{
    Error, ErrorKind, GuardError, Guarded, Install, Param, QuerySource, Schema, Scope, Target,
    VersionSource,
};

use crate::support::{
    connection, database, if_match, if_none_match_any, lease, notes, pool_as, reason, request, row,
    run, tag, tenant, watch_notes,
};

/// The rights that tests grant to roles.
const CONTENT: &str = "SELECT, INSERT, UPDATE, DELETE ON notes";
const VERSIONS: &str = "SELECT, INSERT, UPDATE, DELETE ON conditional_versions";
const READS: &str = "SELECT ON conditional_versions";
const NUMBERS: &str = "USAGE ON SEQUENCE \"conditional_versions/numbers\"";

async fn state(pool: &Pool, scope: Scope) -> Result<Current, Error> {
    let source = VersionSource::new(pool.clone(), move |_: &Parts| Some(scope.clone()));
    source.current(&request("/")).await
}

/// Creates a row in a guarded transaction, if it is absent.
async fn create(pool: &Pool, id: i64) -> Result<(), GuardError> {
    let mut lease = lease(pool).await;
    let target = Target::scope(row(id));
    let tx = Guarded::begin(&mut lease, if_none_match_any(), target).await?;
    tx.execute("INSERT INTO notes VALUES ($1, 'a')", &[&id])
        .await?;
    Ok(tx.commit().await?)
}

/// Issue 11: a role without a right gets an error, and no row is taken for absent.
#[tokio::test]
async fn a_role_without_rights_is_an_error() {
    let all = notes().await;
    run(&all, "INSERT INTO notes VALUES (1, 'a')").await;
    for (role, grants, reads, writes) in [
        ("none", &[CONTENT][..], false, false),
        ("reads", &[CONTENT, READS], true, false),
        ("counts_not", &[CONTENT, VERSIONS], true, false),
        ("writes", &[CONTENT, VERSIONS, NUMBERS], true, true),
    ] {
        let pool = pool_as(&all, role, grants).await;
        match state(&pool, row(1)).await {
            Ok(current) => assert!(reads && matches!(current, Current::Present(_))),
            Err(error) => assert!(!reads && error.kind() == ErrorKind::Database),
        }
        let written = connection(&pool)
            .await
            .execute("UPDATE notes SET text = 'x'", &[])
            .await;
        assert_eq!(written.is_ok(), writes, "{grants:?}");
        match create(&pool, 7).await {
            Ok(()) => assert!(writes),
            Err(GuardError::Database(error)) => {
                assert!(!writes && error.kind() == ErrorKind::Database);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    // The rights of a reader are enough to verify.
    let pool = pool_as(&all, "verifies", &[READS]).await;
    let schema = Schema::new().watch(watch_notes()).expect("a watch");
    let verified = schema.verify(&*connection(&pool).await).await;
    verified.expect("it is as it was");
}

/// The policy that shows a role the rows of one tenant.
const SECURITY: &str = "ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (tenant_id = current_setting('app.tenant', true));
    INSERT INTO notes VALUES (1, 'a'), (2, 'b')";

/// Issue 11: no policy of the watched table hides versions. A query of the
/// application sees the rows that its role and settings let it see.
#[tokio::test]
async fn policies_hide_rows_but_not_versions() {
    let all = notes().await;
    run(&all, SECURITY).await;
    let pool = pool_as(&all, "app", &[CONTENT, VERSIONS, NUMBERS]).await;
    let query = |id: i64| {
        let sql = "SELECT length(text) FROM notes WHERE id = $1";
        QuerySource::new(pool.clone(), sql, move |_: &Parts| {
            Some((row(id), vec![Box::new(id) as Param]))
        })
    };
    // The pool has one connection, so the setting of the handler is also that of the source.
    run(&pool, "SET app.tenant = 'a'").await;
    for (id, visible) in [(1, true), (2, false)] {
        let current = state(&pool, row(id)).await.expect("an answer");
        assert!(
            matches!(current, Current::Present(_)),
            "its version is seen"
        );
        let current = query(id).current(&request("/")).await.expect("an answer");
        assert_eq!(matches!(current, Current::Present(_)), visible);
        assert_eq!(matches!(current, Current::Absent), !visible);
    }
    // The tag of a group changes with rows that are hidden from the role.
    let before = tag(&pool, &tenant("b")).await;
    run(&all, "UPDATE notes SET text = 'x' WHERE id = 2").await;
    assert_ne!(tag(&pool, &tenant("b")).await, before);

    // A guard finds the version, but its statements do not see the row.
    assert!(matches!(
        create(&pool, 2).await,
        Err(GuardError::Precondition(_))
    ));
    let mut lease = lease(&pool).await;
    let tx = Guarded::begin(&mut lease, if_match("*"), Target::scope(row(2))).await;
    let tx = tx.expect("it is there");
    let written = tx.execute("UPDATE notes SET text = 'y' WHERE id = 2", &[]);
    assert_eq!(written.await.expect("no error"), 0);
    tx.rollback().await.expect("a rollback");
}

/// Issue 11: a query does not see the row of another tenant.
#[tokio::test]
async fn a_hidden_row_is_not_overwritten() {
    let all = notes().await;
    run(&all, SECURITY).await;
    let pool = pool_as(&all, "app", &[CONTENT, VERSIONS, NUMBERS]).await;
    run(&pool, "SET app.tenant = 'a'").await;
    for sql in [
        "INSERT INTO notes VALUES (2, 'a', 'ours')",
        "INSERT INTO notes VALUES (2, 'a', 'ours')
         ON CONFLICT (id) DO UPDATE SET text = excluded.text",
    ] {
        let query = "SELECT length(text) FROM notes WHERE id = 2 FOR UPDATE";
        let target = Target::query(Scope::row("own", 2), query, Vec::new());
        let mut lease = lease(&pool).await;
        let tx = Guarded::begin(&mut lease, if_none_match_any(), target).await;
        let tx = tx.expect("it is not seen");
        tx.execute(sql, &[]).await.expect_err("it is refused");
        tx.rollback().await.expect("a rollback");
    }
    let client = connection(&all).await;
    let sql = "SELECT tenant_id FROM notes WHERE id = 2";
    let tenant: String = client.query_one(sql, &[]).await.expect("a row").get(0);
    assert_eq!(tenant, "b");
}

/// Issue 11: a hidden version would make its row look absent. So policies on the
/// table of versions are refused, and a guard behind one gets an error.
#[tokio::test]
async fn a_policy_on_the_table_of_versions_is_refused() {
    let all = notes().await;
    let sql = "INSERT INTO notes VALUES (1, 'a');
        ALTER TABLE conditional_versions ENABLE ROW LEVEL SECURITY;
        CREATE POLICY others ON conditional_versions USING (scope <> 'row/notes/1')
        WITH CHECK (true)";
    run(&all, sql).await;
    let pool = pool_as(&all, "app", &[CONTENT, VERSIONS, NUMBERS]).await;
    let Err(GuardError::Database(error)) = create(&pool, 1).await else {
        panic!("its version is hidden");
    };
    assert_eq!(error.kind(), ErrorKind::Database);
    let schema = Schema::new().watch(watch_notes()).expect("a watch");
    let client = connection(&all).await;
    let changed = schema.verify(&client).await.expect_err("it is seen");
    assert_eq!(changed.kind(), ErrorKind::Changed);
    schema.install(&client).await.expect_err("it is refused");
}

/// Issue 11: rows that are hidden from the installing role would get no version.
#[tokio::test]
async fn a_role_that_does_not_see_all_rows_cannot_install() {
    let all = database();
    let sql = "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text);
        INSERT INTO notes VALUES (1, 'a');
        ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
        ALTER TABLE notes FORCE ROW LEVEL SECURITY";
    run(&all, sql).await;
    let pool = pool_as(&all, "app", &["CREATE ON SCHEMA public"]).await;
    let client = connection(&pool).await;
    let name = client.query_one("SELECT current_user::text", &[]).await;
    let name: String = name.expect("a name").get(0);
    run(&all, &format!("ALTER TABLE notes OWNER TO {name}")).await;
    let schema = Schema::new().watch(watch_notes()).expect("a watch");
    let refused = schema.install(&client).await.expect_err("it is refused");
    let said = reason(&refused);
    assert!(said.contains("row-level security hides rows"), "{said}");
}
