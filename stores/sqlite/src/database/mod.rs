mod file;
mod options;
#[cfg(test)]
mod tests;
mod thread;

use std::{fmt, path::Path, sync::Arc};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{Error, ErrorKind};

use file::DatabaseFile;
pub use options::DatabaseOptions;
use thread::ThreadMessage;

/// A SQLite connection on its own thread, which runs one job after another.
///
/// ```
/// # async fn run() -> Result<(), tower_conditional_sqlite::Error> {
/// use tower_conditional_sqlite::Database;
///
/// let database = Database::in_memory()?; // or Database::open("notes.db")?
/// database
///     .run(|connection| connection.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY)"))
///     .await?;
/// let count: i64 = database
///     .run(|connection| connection.query_row("SELECT count(*) FROM notes", (), |row| row.get(0)))
///     .await?;
/// assert_eq!(count, 0);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
/// ```
///
/// # The connection
///
/// - It uses WAL mode if the file system allows that, and enforces foreign keys.
/// - It waits up to 5 seconds for the locks of other connections and processes; see
///   [`DatabaseOptions::busy_timeout`].
/// - It begins its transactions with `BEGIN IMMEDIATE`. So a transaction that reads
///   first and writes later cannot be overtaken by another writer. A transaction that
///   only reads can use `TransactionBehavior::Deferred`, and then waits for no writer.
/// - It has `recursive_triggers` on, so a trigger that writes to its own table fires
///   itself. If your triggers do not expect that, a first job can turn the pragma off.
///   Then no `REPLACE` may remove a row of a watched table, since SQLite fires no
///   trigger for it.
///
/// # Jobs
///
/// A job runs to its end, even if its caller is dropped. If a job panics, its caller
/// gets an error and the next job runs. If a job leaves a transaction open, the
/// transaction is rolled back and the result is an error.
///
/// [`guarded`](Self::guarded) and [`keyed`](Self::keyed) set the commit hook and the
/// rollback hook of the connection, and remove them. Set no hooks of your own there.
///
/// At most 64 jobs wait in a queue, and further callers wait for a place in it; see
/// [`DatabaseOptions::max_queued_jobs`]. To keep a reader from waiting for the writers
/// of its own process, open the same file a second time.
///
/// # Moved files
///
/// If the file is deleted, moved or replaced while it is open, SQLite would go on with the
/// file that has no name any more. Its writes are lost at the end of the process, and
/// another process uses the new file. So each job first checks that the path still names
/// the file (its device and inode, on Unix), and is refused otherwise. A job that runs
/// meanwhile ends. Open the path again to use the new file.
///
/// SQLite resolves symbolic links when it opens a file. If a link is switched to another file
/// later, the open one keeps its name, and jobs go on there. Close the database before you
/// switch a link: other processes would open the new file, and keys would run twice.
///
/// # Shutdown
///
/// Clones share the thread. After the last clone is dropped, the queued jobs run, the
/// connection is closed and the thread ends. The drop does not wait for that, so queued
/// jobs are lost if the process ends first. [`close`](Self::close) waits.
#[derive(Clone)]
pub struct Database {
    messages: mpsc::Sender<ThreadMessage>,
    file: Arc<DatabaseFile>,
}

impl Database {
    /// Opens a file, and creates it if it does not exist.
    ///
    /// The call blocks the thread, at most for the busy timeout. Use
    /// [`DatabaseOptions`] for other options than the defaults.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Database`] if SQLite cannot open the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        DatabaseOptions::new().open(path)
    }

    /// Creates a database in memory, which ends with its last clone.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Database`] if SQLite fails.
    pub fn in_memory() -> Result<Self, Error> {
        DatabaseOptions::new().in_memory()
    }

    /// Runs `job` on the connection.
    ///
    /// # Errors
    ///
    /// Returns the error of the job, or [`ErrorKind::Panicked`],
    /// [`OpenTransaction`](ErrorKind::OpenTransaction),
    /// [`FileMoved`](ErrorKind::FileMoved) or [`Closed`](ErrorKind::Closed).
    pub async fn run<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.submit(job).await
    }

    /// Runs `job` like [`run`](Self::run), with any error that converts to [`Error`].
    pub(crate) async fn submit<T, E, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        Error: From<E>,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let file = Arc::clone(&self.file);
        let job = move |connection: &mut Connection| {
            let result = file.check().and_then(|()| Ok(job(connection)?));
            // The receiver is gone if the caller was dropped.
            let _ = reply.send(thread::roll_back_open(connection, result));
        };
        self.send(ThreadMessage::Run(Box::new(job))).await?;
        // An accepted job runs, so only a panic drops the sender.
        result.await.map_err(|_| Error::new(ErrorKind::Panicked))?
    }

    /// Runs the queued jobs, closes the connection, and returns when it is closed.
    ///
    /// All clones refuse further jobs. If the database is closed already, nothing happens.
    pub async fn close(self) {
        let (closed, wait) = oneshot::channel();
        if self.send(ThreadMessage::Close(closed)).await.is_ok() {
            // An error means that the thread has ended, too.
            let _ = wait.await;
        }
    }

    async fn send(&self, message: ThreadMessage) -> Result<(), Error> {
        let sent = self.messages.send(message).await;
        sent.map_err(|_| Error::new(ErrorKind::Closed))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
