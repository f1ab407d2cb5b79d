use std::sync::Arc;

use deadpool_postgres::Pool;
use http::{header, request::Parts};
use tokio::sync::Barrier;
use tower_conditional::{Current, ValidatorSource, VersionTags};
use tower_conditional_postgres::{
    Error, ErrorKind, GuardError, Guarded, Scope, Target, VersionSource,
};
use tower_conditional_postgres_testing::Postgres;

use crate::support::{
    connection, database, expected, if_match, if_none_match_any, lease, notes, number, pool,
    reason, request, row, run, table, tag, tenant, text_of, unconditional, waiting,
};

const WRITERS: usize = 12;
const ROUNDS: i64 = 40;

fn count_scope() -> Scope {
    Scope::row("counter", 1)
}

fn count_target() -> Target {
    let sql = "SELECT version FROM counter WHERE id = $1\n  for  update";
    Target::query(count_scope(), sql, vec![Box::new(1_i64)])
}

/// Creates a table with a version column, and `notes`, which count their writes.
async fn counter() -> Pool {
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

/// Returns the number of writers that succeed in each round, if all expect the same state.
async fn race<F>(
    pool: &Pool,
    write: fn(Pool, String, Arc<Barrier>) -> F,
    scope: Option<Scope>,
) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let mut won = 0;
    for _ in 0..ROUNDS {
        let tag = match &scope {
            Some(scope) => tag(pool, scope).await,
            None => {
                let client = connection(pool).await;
                let row = client.query_one("SELECT version FROM counter", &[]).await;
                number(&count_scope(), row.expect("a row").get(0))
            }
        };
        let barrier = Arc::new(Barrier::new(WRITERS));
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| tokio::spawn(write(pool.clone(), tag.clone(), Arc::clone(&barrier))))
            .collect();
        for writer in writers {
            won += usize::from(writer.await.expect("a writer"));
        }
    }
    won
}

const UP: &str = "UPDATE counter SET version = version + 1, writes = writes + 1 WHERE id = 1";

/// Writes by check-then-act, as proof that the race can find lost updates.
async fn unguarded(pool: Pool, tag: String, barrier: Arc<Barrier>) -> bool {
    let client = connection(&pool).await;
    barrier.wait().await;
    let row = client
        .query_one("SELECT version FROM counter", &[])
        .await
        .expect("a row");
    let current = VersionTags::plain().scope(count_scope()).number(row.get(0));
    if if_match(&tag).check(current).is_err() {
        return false;
    }
    client.execute(UP, &[]).await.expect("a write");
    true
}

async fn guarded(
    pool: Pool,
    tag: String,
    barrier: Arc<Barrier>,
    target: Target,
    sql: &str,
) -> bool {
    let mut client = lease(&pool).await;
    barrier.wait().await;
    match Guarded::begin(&mut client, if_match(&tag), target).await {
        Ok(tx) => {
            tx.execute(sql, &[]).await.expect("a write");
            tx.commit().await.expect("a commit");
            true
        }
        Err(GuardError::Precondition(failed)) => {
            assert!(failed.current().is_some());
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

async fn compare_and_set(pool: Pool, tag: String, barrier: Arc<Barrier>) -> bool {
    let client = connection(&pool).await;
    barrier.wait().await;
    let expected = if_match(&tag);
    let tags = VersionTags::plain().scope(count_scope());
    let sql = "UPDATE counter SET version = version + 1, writes = writes + 1
        WHERE id = 1 AND ($1::bigint[] IS NULL OR version = ANY ($1)) RETURNING version";
    let row = client
        .query_opt(sql, &[&expected.versions_of(&tags)])
        .await
        .expect("an answer");
    expected.confirm_written(row).is_ok()
}

const TEXT: &str = "UPDATE notes SET text = text || 'x' WHERE id = 1";

/// R-9110-13.1-a
#[tokio::test(flavor = "multi_thread")]
async fn one_writer_of_many_wins() {
    let pool = counter().await;
    let rounds = usize::try_from(ROUNDS).expect("a few");

    let lost = race(&pool, unguarded, None).await;
    assert!(
        lost > rounds,
        "check-then-act lost no update: {lost} of {rounds}"
    );

    let won = race(&pool, compare_and_set, None).await;
    assert_eq!(won, rounds, "compare-and-set");
    let won = race(&pool, |a, b, c| guarded(a, b, c, count_target(), UP), None).await;
    assert_eq!(won, rounds, "a query");
    for scope in [row(1), table(), tenant("a")] {
        let write = match scope.as_str() {
            "row/notes/1" => |a, b, c| guarded(a, b, c, Target::scope(row(1)), TEXT),
            "table/notes" => |a, b, c| guarded(a, b, c, Target::scope(table()), TEXT),
            _ => |a, b, c| guarded(a, b, c, Target::scope(tenant("a")), TEXT),
        };
        assert_eq!(
            race(&pool, write, Some(scope.clone())).await,
            rounds,
            "{scope:?}"
        );
    }

    let client = connection(&pool).await;
    let row = client
        .query_one(
            "SELECT writes, (SELECT length(text) FROM notes) FROM counter",
            &[],
        )
        .await
        .expect("a row");
    let guarded = 2 * ROUNDS + i64::try_from(lost).expect("a few");
    assert_eq!(row.get::<_, i64>(0), guarded);
    assert_eq!(i64::from(row.get::<_, i32>(1)), 3 * ROUNDS);
}

/// Of two creators with `If-None-Match: *`, the second waits for the first.
#[tokio::test(flavor = "multi_thread")]
async fn one_creator_of_many_wins() {
    let pool = notes().await;
    run(&pool, "CREATE TABLE loose (id bigint, version bigint)").await;
    for (target, sql) in [
        (
            (|| Target::scope(row(7))) as fn() -> Target,
            "INSERT INTO notes VALUES (7, 'a')",
        ),
        (
            // No key refuses the second row.
            || {
                let sql = "SELECT version FROM loose WHERE id = $1 FOR NO KEY UPDATE";
                Target::query(Scope::row("loose", 7), sql, vec![Box::new(7_i64)])
            },
            "INSERT INTO loose VALUES (7, 1)",
        ),
    ] {
        let creators: Vec<_> = (0..WRITERS)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move {
                    let mut client = lease(&pool).await;
                    let tx = Guarded::begin(&mut client, if_none_match_any(), target()).await;
                    match tx {
                        Ok(tx) => {
                            tx.execute(sql, &[]).await.expect("there is none yet");
                            tx.commit().await.expect("a commit");
                            1
                        }
                        Err(GuardError::Precondition(_)) => 0,
                        Err(other) => panic!("{other:?}"),
                    }
                })
            })
            .collect();
        let mut won = 0;
        for creator in creators {
            won += creator.await.expect("a creator");
        }
        assert_eq!(won, 1, "{sql}");
    }
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

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let before = tag(&pool, &row(1)).await;
    let mut client = lease(&pool).await;
    for dropped in [true, false] {
        let tx = Guarded::begin(&mut client, if_match(&before), Target::scope(row(1))).await;
        let tx = tx.expect("it begins");
        tx.execute(TEXT, &[]).await.expect("a write");
        if dropped {
            drop(tx);
        } else {
            tx.rollback().await.expect("a rollback");
        }
    }
    drop(client);
    assert_eq!(tag(&pool, &row(1)).await, before);
}

/// PostgreSQL then answers `COMMIT` with `ROLLBACK`, which is not an error.
#[tokio::test]
async fn a_failed_statement_makes_the_commit_fail() {
    let pool = notes().await;
    let mut client = lease(&pool).await;
    let tx = Guarded::begin(&mut client, unconditional(), Target::scope(row(1))).await;
    let tx = tx.expect("it begins");
    tx.execute("INSERT INTO notes VALUES (1, 'a')", &[])
        .await
        .expect("a note");
    let taken = tx.execute("INSERT INTO notes VALUES (1, 'a')", &[]).await;
    assert!(Error::from(taken.expect_err("it is taken")).is_conflict());
    let error = tx.commit().await.expect_err("nothing was written");
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(!error.is_conflict());
}

#[tokio::test]
async fn a_constraint_that_fails_in_the_commit_has_a_known_outcome() {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE unique_late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut client = lease(&pool).await;
    let tx = Guarded::begin(&mut client, unconditional(), Target::scope(row(1))).await;
    let tx = tx.expect("it begins");
    tx.execute("INSERT INTO unique_late VALUES (1), (1)", &[])
        .await
        .expect("not yet");
    let error = tx.commit().await.expect_err("now");
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(error.is_conflict());
}

/// The transaction sleeps in its commit, and the server ends meanwhile.
#[tokio::test]
async fn a_connection_that_breaks_in_the_commit_leaves_the_outcome_unknown() {
    let server = Postgres::start();
    let pool = pool(&server.url());
    run(
        &pool,
        "CREATE TABLE slow (id int);
         CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_advisory_lock(1); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION wait()",
    )
    .await;
    let holder = connection(&pool).await;
    holder
        .batch_execute("SELECT pg_advisory_lock(1)")
        .await
        .expect("a lock");
    let mut client = lease(&pool).await;
    let committing = tokio::spawn(async move {
        let tx = Guarded::begin(&mut client, unconditional(), Target::scope(row(1))).await;
        let tx = tx.expect("it begins");
        tx.execute("INSERT INTO slow VALUES (1)", &[])
            .await
            .expect("a write");
        tx.commit().await
    });
    waiting(&pool, 1).await;
    server.stop();
    let error = committing.await.expect("it ends").expect_err("it broke");
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
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
