//! Writers that expect the same state at once.

use std::sync::Arc;

use deadpool_postgres::Pool;
use tokio::sync::Barrier;
use tower_conditional::VersionTags;
use tower_conditional_postgres::{GuardError, Guarded, Scope, Target};

use crate::guard::{count_scope, count_target, counter};
use crate::support::{
    connection, if_match, if_none_match_any, lease, notes, number, row, run, table, tag, tenant,
};

const WRITERS: usize = 12;
const ROUNDS: i64 = 40;

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

pub(crate) const TEXT: &str = "UPDATE notes SET text = text || 'x' WHERE id = 1";

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
