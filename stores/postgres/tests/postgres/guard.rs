use deadpool_postgres::Pool;
use http::{header, request::Parts};
use tower_conditional::{Current, ValidatorSource, VersionTags};
use tower_conditional_postgres::{
    Error, ErrorKind, GuardError, Guarded, Scope, Target, VersionSource,
};

use crate::support::{
    connection, expected, if_match, if_none_match_any, lease, notes, number, reason, request, row,
    run, table, tag, tenant, text_of, unconditional, waiting,
};

pub(crate) fn count_scope() -> Scope {
    Scope::row("counter", 1)
}

pub(crate) fn count_target() -> Target {
    let sql = "SELECT version FROM counter WHERE id = $1\n  for  update";
    Target::query(count_scope(), sql, vec![Box::new(1_i64)])
}

/// Creates a table with a version column, and `notes`, which count their writes.
pub(crate) async fn counter() -> Pool {
    let pool = notes().await;
    run(
        &pool,
        "INSERT INTO notes VALUES (1, 'a', '');
         CREATE TABLE counter (id bigint PRIMARY KEY, version bigint, writes bigint);
         INSERT INTO counter VALUES (1, 1, 0)",
    )
    .await;
    pool
}

#[tokio::test]
async fn a_guard_decides_by_the_state() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let (current, old) = (tag(&pool, &row(1)).await, "\"0\"");
    let either = format!("{old}, {current}");
    for (id, expected, passes) in [
        (1, if_match(&current), true),
        (1, if_match(&either), true),
        (1, if_match("*"), true),
        (1, if_match(old), false),
        (1, if_match(&format!("W/{current}")), false),
        (1, if_none_match_any(), false),
        (1, expected(header::IF_NONE_MATCH, &current), false),
        (1, expected(header::IF_NONE_MATCH, old), true),
        (1, unconditional(), true),
        (2, if_match("*"), false),
        (2, if_match(&current), false),
        (2, if_none_match_any(), true),
        (2, unconditional(), true),
    ] {
        let mut client = lease(&pool).await;
        let said = format!("{id} {expected:?}");
        let begun = Guarded::begin(&mut client, expected, Target::scope(row(id))).await;
        assert_eq!(begun.is_ok(), passes, "{said}");
    }
}

/// Issue 10, B.5, R-9110-13.1.1-a: another row with the same version has another tag.
#[tokio::test]
async fn a_guard_refuses_the_tag_of_another_row() {
    let pool = notes().await;
    run(
        &pool,
        "INSERT INTO notes VALUES (4, 'a'), (5, 'a');
         UPDATE conditional_versions SET version = 7",
    )
    .await;
    let (own, other) = (tag(&pool, &row(5)).await, tag(&pool, &row(4)).await);
    let by_query = || {
        let sql = "SELECT 7 FROM notes WHERE id = $1 FOR UPDATE";
        Target::query(row(5), sql, vec![Box::new(5_i64)])
    };
    let by_scope = || Target::scope(row(5));
    for target in [by_scope as fn() -> Target, by_query] {
        for (tag, passes) in [(&own, true), (&other, false)] {
            let mut client = lease(&pool).await;
            let begun = Guarded::begin(&mut client, if_match(tag), target()).await;
            assert_eq!(begun.is_ok(), passes, "{tag}");
        }
    }
}

#[tokio::test]
async fn a_guard_takes_the_tags_of_the_source() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let tags = VersionTags::keyed("sixteen bytes or more").expect("a secret");
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(table())).tags(tags.clone());
    let current = source.current(&request("/")).await.expect("an answer");
    let expected = || if_match(&text_of(&current));
    let mut client = lease(&pool).await;
    let begun = Guarded::begin(&mut client, expected(), Target::scope(table())).await;
    assert!(begun.is_err());
    drop(begun);
    let target = Target::scope(table()).tags(tags);
    assert!(
        Guarded::begin(&mut client, expected(), target)
            .await
            .is_ok()
    );
}

/// A guard waits for a writer that came first. A writer that comes later waits.
#[tokio::test]
async fn no_writer_comes_between_check_and_write() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a'), (2, 'a')").await;
    for scope in [table(), tenant("a"), tenant("new")] {
        let before = tag(&pool, &scope).await;
        let mut other = connection(&pool).await;
        let early = other.transaction().await.expect("a transaction");
        let write = format!(
            "UPDATE notes SET tenant_id = {} WHERE id = 2",
            if scope == tenant("new") {
                "'new'"
            } else {
                "'a'"
            }
        );
        early.batch_execute(&write).await.expect("a write");
        let guarding = tokio::spawn({
            let (pool, scope, before) = (pool.clone(), scope.clone(), before.clone());
            async move {
                let mut client = lease(&pool).await;
                let begun = Guarded::begin(&mut client, if_match(&before), Target::scope(scope));
                matches!(begun.await, Err(GuardError::Precondition(_)))
            }
        });
        waiting(&pool, 1).await;
        early.commit().await.expect("a commit");
        assert!(guarding.await.expect("an answer"), "{scope:?}");

        let now = tag(&pool, &scope).await;
        let mut client = lease(&pool).await;
        let tx = Guarded::begin(&mut client, if_match(&now), Target::scope(scope.clone())).await;
        let tx = tx.expect("it begins");
        let late = format!("SET lock_timeout = '100ms'; {write}");
        let late = other.batch_execute(&late).await.expect_err("it waits");
        assert!(Error::from(late).is_conflict());
        other
            .batch_execute("SET lock_timeout = 0")
            .await
            .expect("a setting");
        tx.commit().await.expect("a commit");
    }
}

/// Issue 11, B.3: with `SKIP LOCKED`, a row that is being written looks absent.
#[tokio::test]
async fn a_query_without_a_lock_is_refused() {
    let pool = notes().await;
    let mut client = lease(&pool).await;
    for sql in [
        "SELECT version FROM notes",
        "SELECT version FROM notes FOR SHARE",
        "SELECT version FROM notes FOR UPDATE skip  locked",
    ] {
        for expected in [if_match("*"), unconditional()] {
            let target = Target::query(table(), sql, Vec::new());
            let begun = Guarded::begin(&mut client, expected, target).await;
            let Err(GuardError::Database(refused)) = begun else {
                panic!("it does not lock");
            };
            assert_eq!(refused.kind(), ErrorKind::MissingLock);
            assert_eq!(reason(&refused), format!("query {sql:?}"));
        }
    }
    let target = Target::scope(Scope::table("others"));
    let begun = Guarded::begin(&mut client, if_match("*"), target).await;
    let Err(GuardError::Database(error)) = begun else {
        panic!("it is not watched");
    };
    assert_eq!(error.kind(), ErrorKind::NotWatched);
    assert_eq!(reason(&error), "scope \"table/others\"");
}

/// The validators of the response are from the transaction that wrote.
#[tokio::test]
async fn the_state_after_the_writes_can_be_read() {
    let pool = counter().await;
    let mut client = lease(&pool).await;
    let begun = Guarded::begin(&mut client, if_none_match_any(), Target::scope(row(2))).await;
    let tx = begun.expect("it is absent");
    // The version that holds the absence is not that of a row.
    assert!(matches!(tx.current().await, Ok(Current::Absent)));
    assert!(matches!(tx.read(&row(2)).await, Ok(Current::Absent)));
    let insert = "INSERT INTO notes VALUES (2, 'a', 'ours')";
    tx.execute(insert, &[]).await.expect("an insert");
    let current = text_of(&tx.current().await.expect("a state"));
    let table_after = text_of(&tx.read(&table()).await.expect("a state"));
    let other = tx.read(&Scope::table("others")).await;
    assert_eq!(
        other.expect_err("it is not watched").kind(),
        ErrorKind::NotWatched
    );
    let spelled = tx.read(&row("02")).await;
    assert!(matches!(spelled, Ok(Current::Unknown)));
    tx.commit().await.expect("a commit");
    assert_eq!(current, tag(&pool, &row(2)).await);
    assert_eq!(table_after, tag(&pool, &table()).await);

    let version = number(&count_scope(), 1);
    let begun = Guarded::begin(&mut client, if_match(&version), count_target()).await;
    let tx = begun.expect("it is the version");
    let update = "UPDATE counter SET version = 2";
    tx.execute(update, &[]).await.expect("an update");
    let current = text_of(&tx.current().await.expect("a state"));
    assert_eq!(current, number(&count_scope(), 2));
    tx.rollback().await.expect("a rollback");
}
