use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{Database, DatabaseFile, thread};
use crate::Error;

/// Options for opening a [`Database`].
///
/// ```
/// use std::time::Duration;
///
/// use tower_conditional_sqlite::DatabaseOptions;
///
/// let options = DatabaseOptions::new().busy_timeout(Duration::from_secs(1));
/// let database = options.in_memory()?; // or options.open("notes.db")?
/// # let _ = database;
/// # Ok::<_, tower_conditional_sqlite::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct DatabaseOptions {
    busy_timeout: Duration,
    max_queued_jobs: usize,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl DatabaseOptions {
    /// Creates the options that [`Database::open`] uses.
    pub fn new() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            max_queued_jobs: 64,
        }
    }

    /// Sets how long a statement waits for the lock of another connection before it
    /// fails, in whole milliseconds. Defaults to 5 seconds. With zero, it fails at once.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        // SQLite takes milliseconds in a C int.
        self.busy_timeout = timeout.min(Duration::from_millis(i32::MAX.unsigned_abs().into()));
        self
    }

    /// Sets how many jobs may wait in the queue. Defaults to 64.
    ///
    /// Further callers wait for a place in the queue. A value of 0 counts as 1.
    pub fn max_queued_jobs(mut self, jobs: usize) -> Self {
        self.max_queued_jobs = jobs.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// Opens a file with these options, like [`Database::open`].
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Database`](crate::ErrorKind::Database) if SQLite cannot open
    /// the file.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Database, Error> {
        self.start(Connection::open(path)?)
    }

    /// Creates a database in memory with these options, like [`Database::in_memory`].
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Database`](crate::ErrorKind::Database) if SQLite fails.
    pub fn in_memory(self) -> Result<Database, Error> {
        self.start(Connection::open_in_memory()?)
    }

    fn start(self, mut connection: Connection) -> Result<Database, Error> {
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        use_wal(&connection)?;
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON")?;
        let file = Arc::new(DatabaseFile::of(&connection));
        let messages = thread::start(connection, self.max_queued_jobs)?;
        Ok(Database { messages, file })
    }
}

/// The number of attempts to switch a file to WAL while other connections do the same.
const ATTEMPTS: u32 = 100;

/// Switches the connection to WAL.
///
/// Connections that switch a new file at the same time refuse each other, and the busy
/// timeout of SQLite does not cover that.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..ATTEMPTS {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            switched => return switched,
        }
        // This statement waits for the other connection, up to the busy timeout.
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    }
    connection.execute_batch("PRAGMA journal_mode = WAL")
}
