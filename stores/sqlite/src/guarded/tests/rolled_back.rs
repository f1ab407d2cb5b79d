//! Transactions that end before their jobs do.

use rusqlite::params;
use tower_conditional::handler::Expected;

use super::{GuardError, Target, if_match, row, unconditional};
use crate::{
    Database, ErrorKind, Guarded,
    test_support::{execute, notes, tag},
};

/// Triggers, and statements of a job that end its transaction.
const ENDS: [&str; 8] = [
    "INSERT INTO notes VALUES (2, 'a', 'bad')",
    "INSERT OR ROLLBACK INTO notes VALUES (1, 'a', 'again')",
    "ROLLBACK",
    "COMMIT",
    "COMMIT; BEGIN",
    "ROLLBACK; BEGIN IMMEDIATE",
    "SAVEPOINT one; SAVEPOINT two; INSERT INTO notes VALUES (2, 'a', 'bad')",
    "ROLLBACK; SAVEPOINT other; UPDATE notes SET tenant = 'second'; RELEASE other",
];
const REFUSING: &str = "CREATE TRIGGER refusing BEFORE INSERT ON notes WHEN NEW.text = 'bad'
    BEGIN SELECT RAISE(ROLLBACK, 'no'); END";

async fn one_note() -> Database {
    let database = notes().await;
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    execute(&database, REFUSING).await;
    database
}

async fn content(database: &Database) -> (String, String, i64) {
    let read = database.run(|connection| {
        let sql = "SELECT text, tenant, (SELECT count(*) FROM notes) FROM notes WHERE id = 1";
        connection.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    });
    read.await.unwrap()
}

/// Runs a guarded job and returns the kind of its error.
async fn refused<F>(database: &Database, expected: Expected, job: F) -> ErrorKind
where
    F: FnOnce(&Guarded<'_>) -> rusqlite::Result<()> + Send + 'static,
{
    let written = database.guarded(expected, Target::scope(row()), job).await;
    match written {
        Err(GuardError::Database(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

fn rename(guarded: &Guarded<'_>) -> rusqlite::Result<usize> {
    guarded.execute("UPDATE notes SET text = 'first' WHERE id = 1", ())
}

#[tokio::test]
async fn a_job_that_goes_on_after_a_rollback_writes_nothing() {
    for end in ENDS {
        let database = one_note().await;
        let before = tag(&database, row()).await.unwrap();
        for ignores_all in [true, false] {
            let kind = refused(&database, if_match(&before), move |guarded| {
                rename(guarded)?;
                let _ = guarded.execute_batch(end);
                let moved = guarded.execute("UPDATE notes SET tenant = 'second'", ());
                if ignores_all { Ok(()) } else { moved.map(drop) }
            });
            assert_eq!(kind.await, ErrorKind::RolledBack, "{end}");
            let (text, tenant, count) = content(&database).await;
            assert_eq!((&*text, &*tenant, count), ("one", "a", 1), "{end}");
            assert_eq!(tag(&database, row()).await.unwrap(), before, "{end}");
        }
    }
}

/// A statement that was prepared before the rollback is refused too.
#[tokio::test]
async fn a_prepared_statement_writes_nothing_after_a_rollback() {
    let database = one_note().await;
    let kind = refused(&database, unconditional(), |guarded| {
        let mut insert = guarded.prepare("INSERT INTO notes VALUES (?1, 'a', ?2)")?;
        for (id, text) in [(2, "two"), (3, "bad"), (4, "four")] {
            let _ = insert.execute(params![id, text]);
        }
        Ok(())
    });
    assert_eq!(kind.await, ErrorKind::RolledBack);
    assert_eq!(content(&database).await.2, 1);
}

/// The error that rolled back is the error of a job that returns it.
#[tokio::test]
async fn an_error_that_rolls_back_keeps_its_kind() {
    let database = one_note().await;
    let kind = refused(&database, unconditional(), |guarded| {
        guarded.execute_batch(ENDS[1])
    });
    assert_eq!(kind.await, ErrorKind::Database);
}

/// Savepoints within the transaction, and errors that undo one statement, end nothing.
#[tokio::test]
async fn a_job_may_ignore_an_error_of_one_statement() {
    let database = one_note().await;
    let written = database.guarded(unconditional(), Target::scope(row()), |guarded| {
        rename(guarded)?;
        let _ = guarded.execute("INSERT INTO notes VALUES (1, 'a', 'again')", ());
        guarded.execute_batch("SAVEPOINT one; DELETE FROM notes; ROLLBACK TO one; RELEASE one")
    });
    written.await.unwrap();
    assert_eq!(content(&database).await.0, "first");
}

/// A job may leave savepoints open. The commit ends them, and the next job can use their names.
#[tokio::test]
async fn a_job_may_leave_savepoints_open() {
    let database = one_note().await;
    for (end, text) in [
        ("SAVEPOINT one; DELETE FROM notes; ROLLBACK TO one", "first"),
        ("SAVEPOINT one; UPDATE notes SET text = 'two'", "two"),
    ] {
        for _ in 0..2 {
            let written = database.guarded(unconditional(), Target::scope(row()), |guarded| {
                rename(guarded)?;
                guarded.execute_batch(end)
            });
            written.await.unwrap();
            assert_eq!(content(&database).await.0, text, "{end}");
        }
    }
}

/// Later jobs may commit, also after a panic.
#[tokio::test]
async fn the_connection_commits_again_after_the_job() {
    let database = one_note().await;
    refused(&database, unconditional(), |guarded| {
        let _ = guarded.execute_batch("ROLLBACK");
        Ok(())
    })
    .await;
    let kind = refused(&database, unconditional(), |_| panic!("on purpose"));
    assert_eq!(kind.await, ErrorKind::Panicked);
    execute(&database, "UPDATE notes SET text = 'later'").await;
    assert_eq!(content(&database).await.0, "later");
}
