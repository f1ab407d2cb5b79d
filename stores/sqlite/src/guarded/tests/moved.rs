//! Files that move under jobs that wait, and statements that a job may run in its transaction.

use std::fs;

use super::{
    Error, ErrorKind, GuardError, Target, block_thread, execute, if_match, row, unconditional,
};
use crate::{
    Database, Guarded, Install,
    test_support::{NOTES, TempFile, schema, tag},
};

/// Returns a file with one note.
async fn one_note(file: &TempFile) -> Database {
    let database = Database::open(file).unwrap();
    execute(&database, NOTES).await;
    schema().install(&database).await.unwrap();
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'x')").await;
    database
}

async fn text(database: &Database) -> String {
    let text = database.run(|connection| {
        connection.query_row("SELECT text FROM notes WHERE id = 1", (), |row| row.get(0))
    });
    text.await.unwrap()
}

fn change(guarded: &Guarded<'_>) -> rusqlite::Result<usize> {
    guarded.execute("UPDATE notes SET text = text || 'y' WHERE id = 1", ())
}

fn kind<T>(result: Result<T, GuardError>) -> ErrorKind {
    match result {
        Err(GuardError::Database(error)) => error.kind(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was written"),
    }
}

/// The docs of `Database`: each job checks the file as it begins, and not as it is queued.
#[tokio::test]
async fn jobs_that_wait_while_the_file_moves_are_refused() {
    let (file, kept) = (TempFile::new(), TempFile::new());
    let database = one_note(&file).await;
    let expected = tag(&database, row()).await.unwrap();
    let blocked = block_thread(&database).await;
    let waiting: Vec<_> = (0..4)
        .map(|at| {
            let database = database.clone();
            let expected = if at % 2 == 0 {
                unconditional()
            } else {
                if_match(&expected)
            };
            tokio::spawn(async move {
                database
                    .guarded(expected, Target::scope(row()), change)
                    .await
            })
        })
        .collect();
    // All of them are queued.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    fs::rename(&file, &kept).unwrap();
    drop(blocked);
    for job in waiting {
        assert_eq!(kind(job.await.unwrap()), ErrorKind::FileMoved);
    }
    fs::rename(&kept, &file).unwrap();
    assert_eq!(text(&database).await, "x");
}

/// A job that has begun ends in the file that it has, whose commit is not lost if that is put back.
#[tokio::test]
async fn a_job_that_runs_while_the_file_moves_ends() {
    let (file, kept) = (TempFile::new(), TempFile::new());
    let database = one_note(&file).await;
    let (from, to) = (file.as_ref().to_owned(), kept.as_ref().to_owned());
    let write = database.guarded(unconditional(), Target::scope(row()), move |guarded| {
        change(guarded)?;
        fs::rename(&from, &to).unwrap();
        Ok(())
    });
    write.await.unwrap();
    let next = database.guarded(unconditional(), Target::scope(row()), change);
    assert_eq!(kind(next.await), ErrorKind::FileMoved);
    fs::rename(&kept, &file).unwrap();
    assert_eq!(text(&database).await, "xy");
}

/// Another file is put in the place, as a deployment that restores a backup does. Nothing is written
/// to either.
#[tokio::test]
async fn a_file_that_is_replaced_takes_no_write() {
    let (file, other) = (TempFile::new(), TempFile::new());
    let database = one_note(&file).await;
    one_note(&other).await.close().await;
    fs::rename(&other, &file).unwrap();
    for expected in [unconditional(), if_match("\"1\"")] {
        let write = database.guarded(expected, Target::scope(row()), change);
        assert_eq!(kind(write.await), ErrorKind::FileMoved);
    }
    database.close().await;
    let opened = Database::open(&file).unwrap();
    assert_eq!(text(&opened).await, "x");
    let write = opened.guarded(unconditional(), Target::scope(row()), change);
    assert_eq!(write.await.unwrap(), 1);
}

/// Settings of the connection and queries about it end no transaction, and the write commits.
#[tokio::test]
async fn pragmas_end_no_transaction() {
    for pragma in [
        "PRAGMA foreign_keys = OFF",
        "PRAGMA defer_foreign_keys = ON",
        "PRAGMA synchronous = FULL",
        "PRAGMA cache_size = 10",
        "PRAGMA user_version = 7",
        "PRAGMA application_id = 7",
        "PRAGMA integrity_check",
        "PRAGMA optimize",
        "PRAGMA recursive_triggers = ON",
        "PRAGMA query_only = OFF",
        "PRAGMA wal_checkpoint",
        "PRAGMA journal_mode",
        "PRAGMA schema_version",
        "ANALYZE",
        "REINDEX",
        "CREATE TABLE more (id)",
        "SAVEPOINT a; RELEASE a",
    ] {
        let file = TempFile::new();
        let database = one_note(&file).await;
        let before = tag(&database, row()).await;
        let write = database.guarded(unconditional(), Target::scope(row()), move |guarded| {
            change(guarded)?;
            // Some of them are refused in a transaction, which they do not end.
            let _ = guarded.execute_batch(pragma);
            change(guarded)
        });
        assert_eq!(write.await.unwrap(), 1, "{pragma}");
        assert_eq!(text(&database).await, "xyy", "{pragma}");
        assert_ne!(tag(&database, row()).await, before, "{pragma}");
    }
}

/// Statements that SQLite refuses in a transaction change nothing about it.
#[tokio::test]
async fn refused_statements_end_no_transaction() {
    let file = TempFile::new();
    let database = one_note(&file).await;
    let write = database.guarded(unconditional(), Target::scope(row()), |guarded| {
        change(guarded)?;
        for sql in [
            "VACUUM",
            "BEGIN",
            "BEGIN IMMEDIATE",
            "DETACH main",
            "nonsense",
            "RELEASE none",
            "ROLLBACK TO none",
        ] {
            assert!(guarded.execute_batch(sql).is_err(), "{sql}");
        }
        change(guarded)
    });
    write.await.unwrap();
    assert_eq!(text(&database).await, "xyy");
}

/// `RAISE` in a trigger of the application, in each of its forms. A write that SQLite has rolled back
/// is never half there.
#[tokio::test]
async fn a_trigger_that_raises_leaves_all_or_nothing() {
    for (raise, left) in [
        ("RAISE(IGNORE)", "xy"),
        ("RAISE(ABORT, 'no')", "xy"),
        ("RAISE(FAIL, 'no')", "xy"),
        ("RAISE(ROLLBACK, 'no')", "x"),
    ] {
        for timing in ["BEFORE", "AFTER"] {
            let file = TempFile::new();
            let database = one_note(&file).await;
            let sql =
                format!("CREATE TRIGGER refuse {timing} INSERT ON notes BEGIN SELECT {raise}; END");
            execute(&database, sql).await;
            let write = database.guarded(unconditional(), Target::scope(row()), |guarded| {
                change(guarded)?;
                let _ = guarded.execute("INSERT INTO notes VALUES (2, 'a', 'z')", ());
                Ok(())
            });
            let written: Result<(), GuardError> = write.await;
            assert_eq!(written.is_ok(), left == "xy", "{raise} {timing}");
            if written.is_err() {
                assert_eq!(kind(written), ErrorKind::RolledBack, "{raise} {timing}");
            }
            assert_eq!(text(&database).await, left, "{raise} {timing}");
            // The connection is free, and the next job commits.
            let next = database.guarded(unconditional(), Target::scope(row()), change);
            assert_eq!(next.await.unwrap(), 1, "{raise} {timing}");
        }
    }
}

/// The crate does not check attached files. SQLite itself may refuse to write to one that has moved,
/// and then nothing is written.
#[tokio::test]
async fn an_attached_file_that_moves_commits_or_fails_whole() {
    let (file, attached, kept) = (TempFile::new(), TempFile::new(), TempFile::new());
    let database = one_note(&file).await;
    let path = attached.as_ref().display().to_string();
    execute(
        &database,
        format!("ATTACH '{path}' AS more; CREATE TABLE more.log (text)"),
    )
    .await;
    fs::rename(&attached, &kept).unwrap();
    let write = database.guarded(unconditional(), Target::scope(row()), |guarded| {
        change(guarded)?;
        guarded.execute("INSERT INTO more.log VALUES ('y')", ())
    });
    let written = write.await.is_ok();
    let count = database.run(|connection| {
        connection.query_row("SELECT count(*) FROM more.log", (), |row| {
            row.get::<_, i64>(0)
        })
    });
    let logged: Result<i64, Error> = count.await;
    assert_eq!(text(&database).await, if written { "xy" } else { "x" });
    if let Ok(logged) = logged {
        assert_eq!(logged, i64::from(written));
    }
}
