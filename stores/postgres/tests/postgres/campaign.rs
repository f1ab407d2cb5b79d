//! Guarded writers beside six kinds of writers that are not guarded.
//!
//! Each write adds to the count of a row, and a row that is deleted leaves its
//! count in a second table. The sum of both tables is the number of committed
//! writes if no update was lost.
//!
//! The campaign takes a second, or `TOWER_CONDITIONAL_CAMPAIGN` seconds.

#![expect(clippy::disallowed_macros)] // the campaign prints its figures

use std::{env, time::Duration};

use deadpool_postgres::Pool;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tokio_postgres::Transaction;
use tower_conditional::{VersionTags, handler::Expected};
use tower_conditional_postgres::{Error, GuardError, Guarded, Scope, Target, Watch};

use crate::support::{
    connection, database_of_deadlocks, if_match, if_none_match_any, install, lease, number, row,
    run, table,
};

const SECONDS: &str = "TOWER_CONDITIONAL_CAMPAIGN";
const IDS: i64 = 3;
/// The time for a writer's last write.
const LAST_WRITE_TIMEOUT: Duration = Duration::from_secs(60);

const KEEP_COUNT: &str = "WITH gone AS (DELETE FROM notes WHERE id = $1 RETURNING count)
    INSERT INTO deleted_counts SELECT count FROM gone";
const INSERT: &str = "INSERT INTO notes VALUES ($1, 'a', 1)";
/// An upsert, which no handler should use: it overwrites a row that exists unexpectedly.
const UPSERT: &str = "INSERT INTO notes VALUES ($1, 'a', 1)
    ON CONFLICT (id) DO UPDATE SET count = 1";
const SET: &str = "UPDATE notes SET count = $2 WHERE id = $1";

/// A kind of writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Update,
    Upsert,
    Insert,
    Replace,
    Truncate,
    Delete,
    ByRow,
    /// A writer with the tag of the table, which every writer changes.
    ByTable,
    /// A writer with `If-Match: *`, which reads the count in its transaction.
    ByTableInside,
    ByQuery,
}

const KINDS: [Kind; 10] = [
    Kind::Update,
    Kind::Upsert,
    Kind::Insert,
    Kind::Replace,
    Kind::Truncate,
    Kind::Delete,
    Kind::ByRow,
    Kind::ByTable,
    Kind::ByTableInside,
    Kind::ByQuery,
];

impl Kind {
    fn is_guarded(self) -> bool {
        use Kind::{ByQuery, ByRow, ByTable, ByTableInside};
        matches!(self, ByRow | ByTable | ByTableInside | ByQuery)
    }

    fn pause(self) -> Duration {
        match self {
            Self::Truncate | Self::Delete => Duration::from_millis(50),
            guarded if guarded.is_guarded() => Duration::ZERO,
            _ => Duration::from_millis(20),
        }
    }
}

/// The results of one writer.
#[derive(Debug, Default)]
struct Log {
    committed: u32,
    /// The sum that was added to the counts.
    counted: i64,
    failed: u32,
    conflicts: u32,
    longest: Duration,
}

/// The sum that a committed write has added to the counts.
type Outcome = Result<i64, GuardError>;

async fn unguarded(
    tx: &Transaction<'_>,
    kind: Kind,
    id: i64,
) -> Result<i64, tokio_postgres::Error> {
    let written = match kind {
        Kind::Update => {
            let sql = "UPDATE notes SET count = count + 1 WHERE id = $1";
            tx.execute(sql, &[&id]).await?
        }
        Kind::Upsert => {
            let sql = "INSERT INTO notes VALUES ($1, 'a', 1)
                ON CONFLICT (id) DO UPDATE SET count = notes.count + 1";
            tx.execute(sql, &[&id]).await?
        }
        Kind::Insert => tx.execute(INSERT, &[&id]).await?,
        Kind::Replace => {
            tx.execute(KEEP_COUNT, &[&id]).await?;
            tx.execute(INSERT, &[&id]).await?
        }
        Kind::Truncate => {
            let empty = "LOCK TABLE notes IN ACCESS EXCLUSIVE MODE;
                INSERT INTO deleted_counts SELECT count FROM notes; TRUNCATE notes";
            tx.batch_execute(empty).await?;
            tx.execute(INSERT, &[&id]).await?
        }
        _ => {
            tx.execute(KEEP_COUNT, &[&id]).await?;
            0
        }
    };
    Ok(i64::try_from(written).expect("a few"))
}

/// Reads like a client. Returns the count and the condition of the next write.
async fn seen(pool: &Pool, kind: Kind, id: i64) -> Result<(Option<i64>, Expected), Error> {
    let client = connection(pool).await;
    let versions = match kind {
        Kind::ByTable => {
            "(SELECT string_agg(int4send(slot) || int8send(version), '' ORDER BY slot)
              FROM conditional_versions WHERE scope = $2)"
        }
        _ => "(SELECT int8send(version) FROM conditional_versions WHERE scope = $2 AND slot = 0)",
    };
    let scope = if kind == Kind::ByTable {
        table()
    } else {
        row(id)
    };
    let sql = format!("SELECT (SELECT count FROM notes WHERE id = $1), {versions}");
    let found = client.query_one(&sql, &[&id, &scope.as_str()]).await?;
    let count: Option<i64> = found.get(0);
    let tag = match (kind, count) {
        (Kind::ByTable, _) => {
            let bytes: Vec<u8> = found.get(1);
            VersionTags::plain().scope(scope).bytes(&bytes).to_string()
        }
        (_, None) => return Ok((None, if_none_match_any())),
        (Kind::ByQuery, Some(count)) => number(&own(id), count),
        (_, Some(_)) => {
            let bytes: Vec<u8> = found.get(1);
            number(&scope, i64::from_be_bytes(bytes.try_into().expect("eight")))
        }
    };
    Ok((count, if_match(&tag)))
}

/// Returns the scope of the count as a version that the application keeps itself.
fn own(id: i64) -> Scope {
    Scope::row("own", id)
}

async fn guarded(pool: &Pool, kind: Kind, id: i64) -> Outcome {
    let (mut count, expected) = match kind {
        Kind::ByTableInside => (None, if_match("*")),
        _ => seen(pool, kind, id).await?,
    };
    let target = match kind {
        Kind::ByTable | Kind::ByTableInside => Target::scope(table()),
        Kind::ByQuery => {
            let sql = "SELECT count FROM notes WHERE id = $1 FOR UPDATE";
            Target::query(own(id), sql, vec![Box::new(id)])
        }
        _ => Target::scope(row(id)),
    };
    let mut lease = lease(pool).await;
    let tx = Guarded::begin(&mut lease, expected, target).await?;
    if kind == Kind::ByTableInside {
        let sql = "SELECT (SELECT count FROM notes WHERE id = $1)";
        count = tx.query_one(sql, &[&id]).await?.get(0);
    }
    let written = match (count, kind) {
        (Some(count), _) => tx.execute(SET, &[&id, &(count + 1)]).await,
        // The absence is not held, so the key must refuse a second row.
        (None, Kind::ByQuery) => tx.execute(INSERT, &[&id]).await,
        (None, _) => tx.execute(UPSERT, &[&id]).await,
    };
    match written {
        Ok(written) => assert_eq!(written, 1, "{kind:?} {count:?}"),
        Err(error) => {
            tx.rollback().await?;
            return Err(error.into());
        }
    }
    tx.commit().await?;
    Ok(1)
}

async fn write(pool: &Pool, kind: Kind, id: i64) -> Outcome {
    if kind.is_guarded() {
        return guarded(pool, kind, id).await;
    }
    let mut client = connection(pool).await;
    let tx = client.transaction().await?;
    let counted = unguarded(&tx, kind, id).await?;
    tx.commit().await?;
    Ok(counted)
}

/// Issue 11, A.3: the sum of the counts equals the committed writes.
#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost_beside_unguarded_writers() {
    let seconds = env::var(SECONDS).map_or(1, |seconds| seconds.parse().expect("a number"));
    let pool = database_of_deadlocks();
    run(
        &pool,
        "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text, count bigint);
         CREATE TABLE deleted_counts (count bigint)",
    )
    .await;
    let watch = Watch::table("notes").each_row("id").whole_table();
    install(&pool, watch.each_group("tenant_id")).await;

    let end = Instant::now() + Duration::from_secs(seconds);
    let mut writers = JoinSet::new();
    for kind in KINDS {
        // There are two guards of each kind, so that guards meet each other too.
        let number = if kind.is_guarded() { 2 } else { 1 };
        for writer in 0..number {
            let pool = pool.clone();
            writers.spawn(async move {
                let (mut log, mut id) = (Log::default(), writer);
                // All but `Insert` commit at the end, when the others have stopped.
                let must = kind != Kind::Insert;
                while Instant::now() < end || must && log.committed == 0 {
                    id = (id + 1) % IDS;
                    let start = Instant::now();
                    let outcome = write(&pool, kind, id).await;
                    log.longest = log.longest.max(start.elapsed());
                    match outcome {
                        Ok(counted) => {
                            log.committed += 1;
                            log.counted += counted;
                        }
                        Err(GuardError::Precondition(_)) => log.failed += 1,
                        Err(GuardError::Database(error)) if error.is_conflict() => {
                            log.conflicts += 1;
                        }
                        Err(other) => panic!("{kind:?}: {other:?}"),
                    }
                    // The pause is in real time, so that guards meet an unchanged state.
                    tokio::time::sleep(kind.pause()).await;
                }
                (kind, log)
            });
        }
    }
    let logs = timeout_at(end + LAST_WRITE_TIMEOUT, writers.join_all()).await;
    let logs = logs.expect("nobody waits for ever");
    let counted: i64 = logs.iter().map(|(_, log)| log.counted).sum();
    let client = connection(&pool).await;
    let sql = "SELECT coalesce(sum(count), 0)::bigint FROM
        (SELECT count FROM notes UNION ALL SELECT count FROM deleted_counts) AS counts";
    let sum: i64 = client.query_one(sql, &[]).await.expect("a sum").get(0);
    println!("{counted} counted, {sum} there");
    for (kind, log) in &logs {
        println!("{kind:?}: {log:?}");
    }
    assert_eq!(sum, counted, "updates were lost");
}
