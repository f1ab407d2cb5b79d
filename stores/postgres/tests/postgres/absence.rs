//! Absence held until the commit, and rows replaced before it.

use deadpool_postgres::Pool;
use tower_conditional::handler::Expected;
use tower_conditional_postgres::{Error, ErrorKind, GuardError, Guarded, Scope, Target};

use crate::support::{
    connection, if_match, if_none_match_any, lease, notes, reason, row, run, tag, tag_or_absent,
    text_of, waiting,
};

/// Two ways to replace a row in a transaction that is not guarded.
const REPLACE: [&str; 2] = [
    "DELETE FROM notes WHERE id = 1; INSERT INTO notes VALUES (1, 'a', 'theirs')",
    "TRUNCATE notes; INSERT INTO notes VALUES (1, 'a', 'theirs')",
];

fn by_scope() -> Target {
    Target::scope(row(1))
}

/// Returns a target with a version that the application keeps itself.
fn by_query() -> Target {
    let sql = "SELECT length(text) FROM notes WHERE id = $1 FOR UPDATE";
    Target::query(Scope::row("own", 1), sql, vec![Box::new(1_i64)])
}

/// Begins a guard that waits for the commit of this SQL. Returns the tag of the refusal,
/// or `None` if the guard was admitted.
async fn begin_after_commit_of(
    pool: &Pool,
    sql: &str,
    expected: Expected,
    target: Target,
) -> Option<String> {
    let mut other = connection(pool).await;
    let replacing = other.transaction().await.expect("a transaction");
    replacing.batch_execute(sql).await.expect("a write");
    let guarding = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut lease = lease(&pool).await;
            match Guarded::begin(&mut lease, expected, target).await {
                Ok(_) => None,
                Err(GuardError::Precondition(failed)) => {
                    let found = failed.current().expect("the row is there").clone();
                    Some(text_of(&found.into()))
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    });
    waiting(pool, 1).await;
    replacing.commit().await.expect("a commit");
    guarding.await.expect("an answer")
}

/// Issue 11, A.3: the row that the guard waits for is deleted and inserted again.
#[tokio::test]
async fn a_row_that_is_replaced_meanwhile_is_not_absent() {
    for sql in REPLACE {
        for target in [by_scope as fn() -> Target, by_query] {
            let pool = notes().await;
            run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
            let found = begin_after_commit_of(&pool, sql, if_none_match_any(), target()).await;
            assert!(
                found.is_some(),
                "it was admitted begin_after_commit_of {sql}"
            );
        }
    }
}

/// Issue 11, A.3: the same for `If-Match`. `*` is true. A tag is false, and the refusal
/// has the new tag.
#[tokio::test]
async fn a_row_that_is_replaced_meanwhile_is_found_by_if_match() {
    for sql in REPLACE {
        for target in [by_scope as fn() -> Target, by_query] {
            let pool = notes().await;
            run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
            assert_eq!(
                begin_after_commit_of(&pool, sql, if_match("*"), target()).await,
                None
            );
        }
        let pool = notes().await;
        run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
        let before = tag(&pool, &row(1)).await;
        let found = begin_after_commit_of(&pool, sql, if_match(&before), by_scope()).await;
        assert_eq!(found, Some(tag(&pool, &row(1)).await), "{sql}");
    }
}

/// Issue 11, A.3: the `INSERT` is neither guarded nor committed yet.
#[tokio::test]
async fn a_guard_waits_for_an_uncommitted_insert() {
    let pool = notes().await;
    let sql = "INSERT INTO notes VALUES (1, 'a', 'theirs')";
    let found = begin_after_commit_of(&pool, sql, if_none_match_any(), by_scope()).await;
    assert_eq!(found, Some(tag(&pool, &row(1)).await));
}

/// Issue 11, A.3: a plain `INSERT` comes after the guard has begun, and the handler
/// wrongly upserts. One of them fails, and neither is overwritten.
#[tokio::test(flavor = "multi_thread")]
async fn absence_is_held_until_the_commit() {
    let upsert = "INSERT INTO notes VALUES (1, 'a', 'ours')
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    for sql in [
        "INSERT INTO notes VALUES (1, 'a', 'theirs')",
        "TRUNCATE notes; INSERT INTO notes VALUES (1, 'a', 'theirs')",
    ] {
        let pool = notes().await;
        let mut guarding = lease(&pool).await;
        let tx = Guarded::begin(&mut guarding, if_none_match_any(), by_scope()).await;
        let tx = tx.expect("there is none");
        let inserting = tokio::spawn({
            let pool = pool.clone();
            async move { connection(&pool).await.batch_execute(sql).await }
        });
        waiting(&pool, 1).await;
        let ours = match tx.execute(upsert, &[]).await {
            Ok(_) => tx.commit().await,
            Err(error) => {
                drop(tx);
                Err(error.into())
            }
        };
        let theirs = inserting.await.expect("it ends").map_err(Error::from);
        assert!(ours.is_ok() != theirs.is_ok(), "{ours:?} {theirs:?}");
        let refused = ours.as_ref().err().or(theirs.as_ref().err());
        assert!(refused.is_some_and(Error::is_conflict), "{refused:?}");
        let client = connection(&pool).await;
        let text = client.query_one("SELECT text FROM notes", &[]).await;
        let text: String = text.expect("one note").get(0);
        assert_eq!(text, if ours.is_ok() { "ours" } else { "theirs" });
    }
}

/// A guarded transaction that creates no row leaves no version.
#[tokio::test]
async fn a_held_absence_leaves_no_version() {
    let pool = notes().await;
    for sql in [
        "SELECT",
        "SAVEPOINT a; INSERT INTO notes VALUES (1, 'a'); ROLLBACK TO a",
        "INSERT INTO notes VALUES (1, 'a'); DELETE FROM notes",
    ] {
        let mut lease = lease(&pool).await;
        let tx = Guarded::begin(&mut lease, if_none_match_any(), by_scope()).await;
        let tx = tx.expect("there is none");
        tx.batch_execute(sql).await.expect("statements");
        tx.commit().await.expect("a commit");
        assert_eq!(tag_or_absent(&pool, &row(1)).await, None, "{sql}");
    }
    let mut lease = lease(&pool).await;
    let tx = Guarded::begin(&mut lease, if_none_match_any(), by_scope()).await;
    let tx = tx.expect("there is still none");
    tx.batch_execute("INSERT INTO notes VALUES (1, 'a')")
        .await
        .expect("a note");
    tx.commit().await.expect("a commit");
    assert!(tag_or_absent(&pool, &row(1)).await.is_some());
}

/// The version can be neither read nor inserted, as if other writers were always faster.
#[tokio::test]
async fn an_absence_that_cannot_be_held_is_a_conflict() {
    let pool = notes().await;
    run(
        &pool,
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER never BEFORE INSERT ON conditional_versions
         FOR EACH ROW EXECUTE FUNCTION never()",
    )
    .await;
    let mut lease = lease(&pool).await;
    let begun = Guarded::begin(&mut lease, if_none_match_any(), by_scope()).await;
    let Err(GuardError::Database(error)) = begun else {
        panic!("{begun:?}");
    };
    assert_eq!(error.kind(), ErrorKind::Contention);
    assert_eq!(reason(&error), "scope \"row/notes/1\"");
    assert!(error.is_conflict());
}
