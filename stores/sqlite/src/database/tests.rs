use std::{
    env,
    error::Error as _,
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use tokio::{sync::oneshot, task::JoinSet};

use super::{Database, DatabaseOptions};
use crate::{
    Error, ErrorKind,
    test_support::{TempFile, block_thread},
};

async fn table() -> Database {
    let database = Database::in_memory().unwrap();
    add(&database, "CREATE TABLE t (n INTEGER)").await.unwrap();
    database
}

async fn add(database: &Database, sql: &'static str) -> Result<(), Error> {
    database
        .run(move |connection| connection.execute_batch(sql))
        .await
}

async fn sum(database: &Database) -> i64 {
    database
        .run(|connection| {
            connection.query_row("SELECT coalesce(sum(n), 0) FROM t", (), |row| row.get(0))
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn the_connection_has_its_settings() {
    let file = TempFile::new();
    let database = Database::open(&file).unwrap();
    let pragma = |name: &'static str| {
        let database = database.clone();
        async move {
            let read = database.run(move |connection| {
                connection
                    .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            });
            read.await.unwrap()
        }
    };
    assert_eq!(pragma("journal_mode").await, "wal".to_owned().into());
    assert_eq!(pragma("foreign_keys").await, 1.into());
    assert_eq!(pragma("recursive_triggers").await, 1.into());
    assert_eq!(pragma("busy_timeout").await, 5000.into());
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_an_error() {
    let error = Database::open("/no/such/directory/notes.db").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_panic_is_an_error_and_its_transaction_rolled_back() {
    let database = table().await;
    let panicked = database.run(|connection| -> rusqlite::Result<()> {
        connection.execute_batch("BEGIN; INSERT INTO t VALUES (1)")?;
        panic!("on purpose");
    });
    assert_eq!(panicked.await.unwrap_err().kind(), ErrorKind::Panicked);
    assert_eq!(sum(&database).await, 0);
    add(&database, "BEGIN; INSERT INTO t VALUES (2); COMMIT")
        .await
        .unwrap();
    assert_eq!(sum(&database).await, 2);
}

#[tokio::test]
async fn a_transaction_left_open_is_an_error_and_rolled_back() {
    let database = table().await;
    let left = add(&database, "BEGIN; INSERT INTO t VALUES (1)").await;
    assert_eq!(left.unwrap_err().kind(), ErrorKind::OpenTransaction);
    let failed = add(&database, "BEGIN; INSERT INTO t VALUES (1); nonsense").await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Database);
    assert_eq!(sum(&database).await, 0);
}

#[tokio::test]
async fn a_job_runs_after_its_caller_is_dropped() {
    let database = table().await;
    let release = block_thread(&database).await;
    {
        let mut waiting = Box::pin(add(&database, "INSERT INTO t VALUES (1)"));
        // The first poll puts the job into the queue.
        std::future::poll_fn(|cx| {
            assert!(waiting.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }
    drop(release);
    assert_eq!(sum(&database).await, 1);
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded() {
    let database = DatabaseOptions::new()
        .max_queued_jobs(1)
        .in_memory()
        .unwrap();
    add(&database, "CREATE TABLE t (n INTEGER)").await.unwrap();
    let release = block_thread(&database).await;
    let mut callers = JoinSet::new();
    for _ in 0..2 {
        let database = database.clone();
        callers.spawn(async move { add(&database, "INSERT INTO t VALUES (1)").await });
    }
    // With a paused clock the timeout ends once both callers wait.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(database.messages.capacity(), 0);
    // The second job has no place in the queue, so its caller is dropped and it never runs.
    callers.abort_all();
    while callers.join_next().await.is_some() {}
    drop(release);
    assert_eq!(sum(&database).await, 1);
}

#[tokio::test]
async fn close_runs_queued_jobs_and_refuses_new_ones() {
    let file = TempFile::new();
    let database = Database::open(&file).unwrap();
    add(&database, "CREATE TABLE t (n INTEGER)").await.unwrap();
    let release = block_thread(&database).await;
    let waiting = add(&database, "INSERT INTO t VALUES (1)");
    let (waited, (), ()) = tokio::join!(waiting, database.clone().close(), async {
        drop(release);
    });
    waited.unwrap();
    let refused = add(&database, "INSERT INTO t VALUES (1)").await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Closed);
    assert!(!refused.is_conflict());
    database.close().await;
    // The last connection to a file in WAL mode removes the log.
    let mut log = file.as_ref().as_os_str().to_owned();
    log.push("-wal");
    assert!(!std::path::Path::new(&log).exists());
    assert_eq!(sum(&Database::open(&file).unwrap()).await, 1);
}

#[tokio::test]
async fn a_lock_of_another_connection_becomes_a_conflict_after_the_timeout() {
    let file = TempFile::new();
    let one = Database::open(&file).unwrap();
    let other = DatabaseOptions::new()
        .busy_timeout(Duration::from_millis(20))
        .open(&file)
        .unwrap();
    add(&one, "CREATE TABLE t (n INTEGER)").await.unwrap();

    let (locked, is_locked) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let writing = one.run(move |connection| {
        let transaction = connection.transaction()?;
        let _ = locked.send(());
        let _ = released.recv();
        transaction.execute("INSERT INTO t VALUES (1)", ())?;
        transaction.commit()
    });
    let trying = async {
        is_locked.await.unwrap();
        let busy = add(&other, "INSERT INTO t VALUES (2)").await.unwrap_err();
        drop(release);
        busy
    };
    let (written, busy) = tokio::join!(writing, trying);
    written.unwrap();
    assert!(busy.is_conflict());
    add(&other, "INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(sum(&one).await, 3);
}

const CHILD: &str = "TOWER_CONDITIONAL_SQLITE_CHILD";
const ROUNDS: i64 = 50;

/// Reads and then writes, which only `BEGIN IMMEDIATE` makes safe.
async fn count_up(database: &Database) {
    for _ in 0..ROUNDS {
        let counted = database.run(|connection| {
            let transaction = connection.transaction()?;
            let n: i64 = transaction.query_row("SELECT n FROM t", (), |row| row.get(0))?;
            transaction.execute("UPDATE t SET n = ?1", [n + 1])?;
            transaction.commit()
        });
        counted.await.unwrap();
    }
}

/// The program of the processes in the next test. By itself it tests nothing.
#[tokio::test]
async fn child() {
    if let Some(file) = env::var_os(CHILD) {
        count_up(&Database::open(file).unwrap()).await;
    }
}

#[tokio::test]
async fn processes_share_a_file() {
    let file = TempFile::new();
    let database = Database::open(&file).unwrap();
    add(
        &database,
        "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)",
    )
    .await
    .unwrap();
    let children = [(); 3].map(|()| {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "database::tests::child"])
            .env(CHILD, file.as_ref())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    });
    count_up(&database).await;
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(sum(&database).await, 4 * ROUNDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_may_open_a_new_file_at_once() {
    let file = TempFile::new();
    std::thread::scope(|scope| {
        let opening = [(); 8].map(|()| scope.spawn(|| Database::open(&file)));
        for opened in opening {
            opened.join().unwrap().unwrap();
        }
    });
}

#[tokio::test]
async fn the_options_are_applied() {
    let read = async |options: DatabaseOptions| {
        let database = options.in_memory().unwrap();
        let timeout = database.run(|connection| {
            connection.pragma_query_value(None, "busy_timeout", |row| row.get::<_, i64>(0))
        });
        (timeout.await.unwrap(), database.messages.max_capacity())
    };
    let options = DatabaseOptions::new;
    assert_eq!(read(options()).await, (5_000, 64));
    let shorter = options().busy_timeout(Duration::from_millis(1_234));
    assert_eq!(read(shorter.max_queued_jobs(3)).await, (1_234, 3));
    let longest = options().busy_timeout(Duration::MAX);
    assert_eq!(read(longest.max_queued_jobs(0)).await, (i32::MAX.into(), 1));
}
