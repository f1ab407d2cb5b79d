//! Jobs that do more than run statements, and two handles on one file.

use std::fs;

use tower_conditional::handler::Expected;

use super::{GuardError, Target, if_match, row, unconditional};
use crate::{
    Database, ErrorKind, Guarded, Install,
    test_support::{NOTES, TempFile, execute, notes, schema, tag},
};

async fn write<F>(database: &Database, expected: Expected, job: F) -> Result<(), GuardError>
where
    F: FnOnce(&Guarded<'_>) -> rusqlite::Result<()> + Send + 'static,
{
    database.guarded(expected, Target::scope(row()), job).await
}

async fn number(database: &Database, sql: &'static str) -> i64 {
    let read = database.run(move |connection| connection.query_row(sql, (), |row| row.get(0)));
    read.await.unwrap()
}

/// The rollback of a savepoint is no end of the transaction.
#[tokio::test]
async fn a_job_may_use_savepoints() {
    let database = notes().await;
    let job = "SAVEPOINT one; INSERT INTO notes VALUES (1, 'a', 'x'); ROLLBACK TO one;
        INSERT INTO notes VALUES (1, 'a', 'y'); SAVEPOINT two; DELETE FROM notes; ROLLBACK TO two;
        RELEASE one";
    write(&database, unconditional(), move |guarded| {
        guarded.execute_batch(job)
    })
    .await
    .unwrap();
    assert_eq!(
        number(&database, "SELECT count(*) FROM notes WHERE text = 'y'").await,
        1
    );
}

/// A statement that fails without a rollback of the whole leaves the transaction as it is.
#[tokio::test]
async fn a_job_may_ignore_errors_that_keep_its_transaction() {
    for raise in ["ABORT", "FAIL"] {
        let database = notes().await;
        let trigger = format!(
            "CREATE TRIGGER refusing BEFORE INSERT ON notes WHEN NEW.text = 'bad'
            BEGIN SELECT RAISE({raise}, 'no'); END"
        );
        execute(&database, trigger).await;
        let written = write(&database, unconditional(), |guarded| {
            guarded.execute("INSERT INTO notes VALUES (1, 'a', 'good')", ())?;
            assert!(
                guarded
                    .execute("INSERT INTO notes VALUES (2, 'a', 'bad')", ())
                    .is_err()
            );
            Ok(())
        });
        written.await.unwrap();
        assert_eq!(
            number(&database, "SELECT count(*) FROM notes").await,
            1,
            "{raise}"
        );
    }
}

/// The hooks are gone after each end, so the next job commits by itself.
#[tokio::test]
async fn the_connection_is_free_after_each_end() {
    let database = notes().await;
    for end in [
        "INSERT INTO notes VALUES (1, 'a', 'x')",
        "ROLLBACK",
        "COMMIT",
        "nonsense",
        "SELECT 1",
    ] {
        let _ = write(&database, unconditional(), move |guarded| {
            guarded.execute_batch(end)
        })
        .await;
        execute(
            &database,
            "DELETE FROM notes; INSERT INTO notes VALUES (9, 'a', 'free')",
        )
        .await;
        assert_eq!(number(&database, "SELECT id FROM notes").await, 9, "{end}");
        execute(&database, "BEGIN; DELETE FROM notes; ROLLBACK").await;
        assert_eq!(
            number(&database, "SELECT count(*) FROM notes").await,
            1,
            "{end}"
        );
    }
    let panicked = write(&database, unconditional(), |guarded| {
        guarded.execute("DELETE FROM notes", ())?;
        panic!("on purpose");
    });
    let Err(GuardError::Database(error)) = panicked.await else {
        panic!("it fails")
    };
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(number(&database, "SELECT count(*) FROM notes").await, 1);
    execute(&database, "DELETE FROM notes").await;
    assert_eq!(number(&database, "SELECT count(*) FROM notes").await, 0);
}

/// A job that ends its transaction before its first write, or without any.
#[tokio::test]
async fn an_end_before_the_first_write_is_seen() {
    for end in [
        "COMMIT",
        "ROLLBACK",
        "COMMIT; BEGIN",
        "ROLLBACK; BEGIN EXCLUSIVE",
        "END",
    ] {
        let database = notes().await;
        let written = write(&database, unconditional(), move |guarded| {
            let _ = guarded.execute_batch(end);
            let _ = guarded.execute("INSERT INTO notes VALUES (1, 'a', 'x')", ());
            Ok(())
        });
        let Err(GuardError::Database(error)) = written.await else {
            panic!("{end}")
        };
        assert_eq!(error.kind(), ErrorKind::RolledBack, "{end}");
        assert_eq!(
            number(&database, "SELECT count(*) FROM notes").await,
            0,
            "{end}"
        );
    }
}

/// Tables of an attached file and temporary ones are in the transaction, too.
#[tokio::test]
async fn an_attached_file_commits_and_rolls_back_with_the_rest() {
    let (file, other) = (TempFile::new(), TempFile::new());
    let database = Database::open(&file).unwrap();
    execute(&database, NOTES).await;
    schema().install(&database).await.unwrap();
    let attach = format!(
        "ATTACH '{}' AS other; CREATE TABLE other.mails (n INTEGER);
        CREATE TEMP TABLE jobs (n INTEGER)",
        other.as_ref().display()
    );
    execute(&database, attach).await;
    let both = "INSERT INTO other.mails VALUES (1); INSERT INTO jobs VALUES (1);
        INSERT INTO notes VALUES (NULL, 'a', NULL)";
    write(&database, unconditional(), move |guarded| {
        guarded.execute_batch(both)
    })
    .await
    .unwrap();
    for end in ["ROLLBACK", "COMMIT"] {
        let written = write(&database, unconditional(), move |guarded| {
            let _ = guarded.execute_batch(end);
            for sql in both.split(';') {
                let _ = guarded.execute(sql, ());
            }
            Ok(())
        });
        assert!(written.await.is_err());
    }
    for table in [
        "SELECT count(*) FROM other.mails",
        "SELECT count(*) FROM jobs",
        "SELECT count(*) FROM notes",
    ] {
        assert_eq!(number(&database, table).await, 1, "{table}");
    }
}

/// A deferred constraint fails at the commit itself.
#[tokio::test]
async fn a_commit_that_fails_writes_nothing() {
    let database = notes().await;
    execute(
        &database,
        "CREATE TABLE links (note INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let written = write(&database, unconditional(), |guarded| {
        guarded.execute("INSERT INTO links VALUES (404)", ())?;
        guarded
            .execute("INSERT INTO notes VALUES (1, 'a', 'x')", ())
            .map(drop)
    });
    assert!(written.await.is_err());
    assert_eq!(
        number(
            &database,
            "SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM notes)"
        )
        .await,
        0
    );
    execute(
        &database,
        "INSERT INTO notes VALUES (404, 'a', 'y'); INSERT INTO links VALUES (404)",
    )
    .await;
}

/// Of two handles on one file, one wins with one tag, and each sees the writes of the other.
#[tokio::test]
async fn two_handles_are_one_database() {
    let file = TempFile::new();
    let handles = [
        Database::open(&file).unwrap(),
        Database::open(&file).unwrap(),
    ];
    execute(&handles[0], NOTES).await;
    schema().install(&handles[0]).await.unwrap();
    schema().install(&handles[1]).await.unwrap();
    execute(&handles[1], "INSERT INTO notes VALUES (1, 'a', 'x')").await;
    let expected = tag(&handles[0], row()).await.unwrap();
    let change = |guarded: &Guarded<'_>| {
        guarded
            .execute("UPDATE notes SET tenant = tenant || 'b'", ())
            .map(drop)
    };
    let (one, other) = tokio::join!(
        write(&handles[0], if_match(&expected), change),
        write(&handles[1], if_match(&expected), change),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    assert_eq!(tag(&handles[0], row()).await, tag(&handles[1], row()).await);
    // Both refuse a file that is replaced.
    fs::rename(&file, file.as_ref().with_extension("old")).unwrap();
    for handle in &handles {
        let Err(GuardError::Database(error)) = write(handle, unconditional(), change).await else {
            panic!("moved")
        };
        assert_eq!(error.kind(), ErrorKind::FileMoved);
    }
    // Put back, it is the same file.
    fs::rename(file.as_ref().with_extension("old"), &file).unwrap();
    for handle in &handles {
        write(handle, unconditional(), change).await.unwrap();
    }
}

/// A relative path and a link name their file, wherever the path leads later.
#[cfg(unix)]
#[tokio::test]
async fn a_link_to_another_file_is_no_move() {
    let (file, link, next) = (TempFile::new(), TempFile::new(), TempFile::new());
    drop(Database::open(&next).unwrap());
    let created = Database::open(&file).unwrap();
    execute(&created, NOTES).await;
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let database = Database::open(&link).unwrap();
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'x')").await;
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&next, &link).unwrap();
    // The connection goes on with the file that it has, which has its name.
    assert_eq!(number(&database, "SELECT count(*) FROM notes").await, 1);
    assert_eq!(number(&created, "SELECT count(*) FROM notes").await, 1);
}

/// A database in memory has no file that could move.
#[tokio::test]
async fn a_database_in_memory_is_never_moved() {
    for _ in 0..2 {
        let database = notes().await;
        write(&database, unconditional(), |guarded| {
            guarded
                .execute("INSERT INTO notes VALUES (1, 'a', 'x')", ())
                .map(drop)
        })
        .await
        .unwrap();
        assert_eq!(number(&database, "SELECT count(*) FROM notes").await, 1);
    }
}
