//! Absence that is held until the commit, and rows that are replaced before it.

use deadpool_postgres::Pool;
use tower_conditional::handler::Expected;
use tower_conditional_postgres::{Error, ErrorKind, GuardError, Guarded, Scope, Target};

use crate::support::{
    connection, if_match, if_none_match_any, lease, notes, reason, row, run, tag, tag_or_absent,
    text_of, waiting,
};

/// Two ways to replace a row, each in a transaction that is not guarded.
const REPLACE: [&str; 2] = [
    "DELETE FROM notes WHERE id = 1; INSERT INTO notes VALUES (1, 'a', 'theirs')",
    "TRUNCATE notes; INSERT INTO notes VALUES (1, 'a', 'theirs')",
];

fn by_scope() -> Target {
    Target::scope(row(1))
}

/// A target with a version of the application's own.
fn by_query() -> Target {
    let sql = "SELECT length(text) FROM notes WHERE id = $1 FOR UPDATE";
    Target::query(Scope::row("own", 1), sql, vec![Box::new(1_i64)])
}

/// Begins a guard that has to wait for the commit of this SQL. Returns the tag that
/// the guard was refused with, or `None` if it was admitted.
async fn behind(pool: &Pool, sql: &str, expected: Expected, target: Target) -> Option<String> {
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

/// Issue 11, A.3: the row that the guard waits for is deleted, and another one
/// inserted in its place.
#[tokio::test]
async fn a_row_that_is_replaced_meanwhile_is_not_absent() {
    for sql in REPLACE {
        for target in [by_scope as fn() -> Target, by_query] {
            let pool = notes().await;
            run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
            let found = behind(&pool, sql, if_none_match_any(), target()).await;
            assert!(found.is_some(), "it was admitted behind {sql}");
        }
    }
}

/// Issue 11, A.3: the same for `If-Match`. `*` is met; a tag is not, and the
/// refusal shows the new one.
#[tokio::test]
async fn a_row_that_is_replaced_meanwhile_is_found_by_if_match() {
    for sql in REPLACE {
        for target in [by_scope as fn() -> Target, by_query] {
            let pool = notes().await;
            run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
            assert_eq!(behind(&pool, sql, if_match("*"), target()).await, None);
        }
        let pool = notes().await;
        run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
        let before = tag(&pool, &row(1)).await;
        let found = behind(&pool, sql, if_match(&before), by_scope()).await;
        assert_eq!(found, Some(tag(&pool, &row(1)).await), "{sql}");
    }
}

/// Issue 11, A.3: an `INSERT` that is not guarded and not committed yet.
#[tokio::test]
async fn a_row_that_is_under_way_is_waited_for() {
    let pool = notes().await;
    let sql = "INSERT INTO notes VALUES (1, 'a', 'theirs')";
    let found = behind(&pool, sql, if_none_match_any(), by_scope()).await;
    assert_eq!(found, Some(tag(&pool, &row(1)).await));
}

/// Issue 11, A.3: a plain `INSERT` after the guard has begun, beside a handler that
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
async fn absence_that_was_held_is_absence_again() {
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

/// A version that can be neither read nor inserted, as if other writers were faster
/// each time.
#[tokio::test]
async fn what_cannot_be_held_is_not_taken_for_absent() {
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
