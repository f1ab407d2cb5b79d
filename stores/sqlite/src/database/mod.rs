mod builder;
#[cfg(test)]
mod tests;
mod thread;

use std::{fmt, path::Path};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{Error, ErrorKind};

pub use builder::Builder;
use thread::Message;

/// A SQLite connection on a thread of its own, which runs one job after another.
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
/// It is in WAL mode where the file system allows that, enforces foreign keys,
/// waits for the locks of other connections and processes (5 s, see
/// [`Builder::busy_timeout`]), has `recursive_triggers` on, and begins its
/// transactions with `BEGIN IMMEDIATE`: a transaction that reads first and
/// writes later never finds in the middle that another writer came before it.
/// One that only reads and should wait for nobody asks for
/// `TransactionBehavior::Deferred`.
///
/// With `recursive_triggers`, a trigger that writes to its own table fires
/// itself. Where yours are not made for that, a first job can turn the pragma
/// off; then no `REPLACE` may remove a row of a watched table, since SQLite
/// tells no trigger of it.
///
/// # Jobs
///
/// A job runs whole, also when its caller goes away meanwhile. One that panics
/// is an error for its caller, and the next one runs. A transaction that a job
/// leaves open is rolled back, and makes its result an error.
///
/// So many jobs wait in a queue, further callers wait for a place in it (64,
/// see [`Builder::queue`]). A reader that should not wait for the writers of
/// its own process can open the same file a second time.
///
/// # The end
///
/// Clones share the thread. When the last one is dropped, the jobs in the queue
/// still run, the connection is closed and the thread ends. Nobody waits for
/// that, so a process that ends first takes the queue with it;
/// [`close`](Self::close) waits.
#[derive(Clone)]
pub struct Database {
    messages: mpsc::Sender<Message>,
}

impl Database {
    /// Opens a file, which is made if there is none.
    ///
    /// It blocks for as long as SQLite takes, up to the busy timeout.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Database`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder().open(path)
    }

    /// A database of its own that ends with the last clone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Database`].
    pub fn in_memory() -> Result<Self, Error> {
        Self::builder().in_memory()
    }

    /// With other options than [`open`](Self::open) has.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Runs `job` on the connection.
    ///
    /// # Errors
    ///
    /// Returns the error of the job, or [`ErrorKind::Panicked`],
    /// [`LeftOpen`](ErrorKind::LeftOpen) or [`Stopped`](ErrorKind::Stopped).
    pub async fn run<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.submit(job).await
    }

    /// As [`run`](Self::run), for jobs that may fail otherwise too.
    pub(crate) async fn submit<T, E, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        Error: From<E>,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let job = move |connection: &mut Connection| {
            let result = job(connection).map_err(Error::from);
            // A caller that went away does not want the result.
            let _ = reply.send(thread::settle(connection, result));
        };
        self.send(Message::Run(Box::new(job))).await?;
        // What was accepted is run, so only a panic drops the reply.
        result.await.map_err(|_| Error::of(ErrorKind::Panicked))?
    }

    /// Takes no more jobs, neither here nor from clones, runs those that are in
    /// the queue, closes the connection, and returns once it is closed. Of a
    /// database that is closed already there is nothing left to do.
    pub async fn close(self) {
        let (closed, wait) = oneshot::channel();
        if self.send(Message::Close(closed)).await.is_ok() {
            // An error, too, says that the thread has come to its end.
            let _ = wait.await;
        }
    }

    async fn send(&self, message: Message) -> Result<(), Error> {
        let sent = self.messages.send(message).await;
        sent.map_err(|_| Error::of(ErrorKind::Stopped))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
