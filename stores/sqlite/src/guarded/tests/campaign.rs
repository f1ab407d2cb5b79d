//! Guarded writers beside six kinds of writers that are not guarded, each on its own
//! connection.
//!
//! Each write adds to the count of a row, and a row that is deleted leaves its
//! count in a second table. The sum of both tables is the number of committed
//! writes if no update was lost.
//!
//! The campaign takes a second, or `TOWER_CONDITIONAL_CAMPAIGN` seconds.

#![expect(clippy::disallowed_macros)] // the campaign prints its figures

use std::{env, time::Duration};

use rusqlite::{Connection, OptionalExtension};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tower_conditional::VersionTags;

use super::{GuardError, Target, if_match, must_be_absent};
use crate::{
    Database, Install, Schema, Scope, Watch,
    test_support::{TempFile, execute},
};

const SECONDS: &str = "TOWER_CONDITIONAL_CAMPAIGN";
const IDS: i64 = 3;
/// The time for a writer's last write.
const LAST_WRITE_TIMEOUT: Duration = Duration::from_secs(60);
const KINDS: [&str; 8] = [
    "update", "upsert", "insert", "replace", "empty", "delete", "by row", "by table",
];

const KEEP_COUNT: &str = "INSERT INTO deleted_counts SELECT count FROM notes WHERE id = ?1";
const INSERT: &str = "INSERT INTO notes VALUES (?1, 1)";

/// Writes without a guard. Returns the sum that was added to the counts.
fn unguarded(connection: &mut Connection, kind: &str, id: i64) -> rusqlite::Result<usize> {
    let tx = connection.transaction()?;
    let written = match kind {
        "update" => tx.execute("UPDATE notes SET count = count + 1 WHERE id = ?1", [id])?,
        "upsert" => {
            let sql = "INSERT INTO notes VALUES (?1, 1)
                ON CONFLICT DO UPDATE SET count = count + 1";
            tx.execute(sql, [id])?
        }
        "insert" => tx.execute("INSERT OR IGNORE INTO notes VALUES (?1, 1)", [id])?,
        "replace" => {
            tx.execute(KEEP_COUNT, [id])?;
            tx.execute("REPLACE INTO notes VALUES (?1, 1)", [id])?
        }
        "empty" => {
            tx.execute_batch(
                "INSERT INTO deleted_counts SELECT count FROM notes; DELETE FROM notes",
            )?;
            tx.execute(INSERT, [id])?
        }
        _ => {
            tx.execute(KEEP_COUNT, [id])?;
            tx.execute("DELETE FROM notes WHERE id = ?1", [id])?;
            0
        }
    };
    tx.commit()?;
    Ok(written)
}

/// Writes like a client that adds to the count that it has read. No handler should
/// upsert: that overwrites a row that exists unexpectedly.
async fn guarded(database: &Database, kind: &str, id: i64) -> Result<usize, GuardError> {
    let scope = match kind {
        "by row" => Scope::row("notes", id),
        _ => Scope::table("notes"),
    };
    let text = scope.as_str().to_owned();
    let seen = database.run(move |connection| {
        let sql = "SELECT version, (SELECT count FROM notes WHERE id = ?1)
            FROM conditional_versions WHERE scope = ?2";
        let seen = connection.query_row(sql, (id, text), |row| Ok((row.get(0)?, row.get(1)?)));
        seen.optional()
    });
    let (expected, count): (_, Option<i64>) = match seen.await? {
        Some((version, count)) => {
            let tag = VersionTags::plain().scope(&scope).number(version);
            (if_match(&tag.to_string()), count)
        }
        None => (must_be_absent(), None),
    };
    let written = database.guarded(expected, Target::scope(scope), move |tx| {
        let sql = "INSERT INTO notes VALUES (?1, ?2)
            ON CONFLICT DO UPDATE SET count = excluded.count";
        tx.execute(sql, (id, count.unwrap_or(0) + 1))
    });
    written.await
}

/// Issue 11, A.3: the sum of the counts equals the committed writes.
#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost_beside_unguarded_writers() {
    let seconds = env::var(SECONDS).map_or(1, |seconds| seconds.parse().unwrap());
    let file = TempFile::new();
    let database = Database::open(&file).unwrap();
    let sql = "CREATE TABLE notes (id INTEGER PRIMARY KEY, count INTEGER);
        CREATE TABLE deleted_counts (count INTEGER)";
    execute(&database, sql).await;
    let watch = Watch::table("notes").each_row("id").whole_table();
    let schema = Schema::new().watch(watch).unwrap();
    schema.install(&database).await.unwrap();

    let end = Instant::now() + Duration::from_secs(seconds);
    let mut writers = JoinSet::new();
    for kind in KINDS {
        let database = Database::open(&file).unwrap();
        writers.spawn(async move {
            let (mut counted, mut committed, mut refused, mut id) = (0, 0, 0, 0);
            // Each commits at the end, when the others have stopped.
            while Instant::now() < end || committed == 0 {
                id = (id + 1) % IDS;
                let outcome = match kind {
                    "by row" | "by table" => guarded(&database, kind, id).await,
                    _ => {
                        let write = database.run(move |connection| unguarded(connection, kind, id));
                        write.await.map_err(GuardError::from)
                    }
                };
                match outcome {
                    Ok(added) => {
                        committed += 1;
                        counted += added;
                    }
                    Err(GuardError::Precondition(_)) => refused += 1,
                    Err(GuardError::Database(error)) if error.is_conflict() => {}
                    Err(other) => panic!("{kind}: {other:?}"),
                }
                if !kind.starts_with("by") {
                    // The pause is in real time, so that guards meet an unchanged state.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            (kind, counted, committed, refused)
        });
    }
    let logs = timeout_at(end + LAST_WRITE_TIMEOUT, writers.join_all()).await;
    let logs = logs.expect("nobody waits for ever");
    let sum = database.run(|connection| {
        let sql = "SELECT coalesce(sum(count), 0) FROM
            (SELECT count FROM notes UNION ALL SELECT count FROM deleted_counts)";
        connection.query_row(sql, (), |row| row.get::<_, u32>(0))
    });
    let sum = sum.await.unwrap();
    let counted: usize = logs.iter().map(|(_, counted, ..)| counted).sum();
    let sum = usize::try_from(sum).unwrap();
    assert_eq!(sum, counted, "updates were lost: {logs:?}");
    println!("{counted} counted, {sum} there: {logs:?}");
}
