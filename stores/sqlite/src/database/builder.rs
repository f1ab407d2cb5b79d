use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{Database, thread};
use crate::Error;

/// Options of a [`Database`].
#[derive(Debug, Clone)]
pub struct Builder {
    busy_timeout: Duration,
    queue: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            queue: 64,
        }
    }
}

impl Builder {
    /// How long to wait for the lock of another connection before the statement
    /// fails; 5 seconds by default, counted in milliseconds.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        // SQLite counts in a C int.
        self.busy_timeout = timeout.min(Duration::from_millis(i32::MAX.unsigned_abs().into()));
        self
    }

    /// How many jobs may wait before further callers do; 64 by default. None is
    /// taken as one.
    #[must_use]
    pub fn queue(mut self, jobs: usize) -> Self {
        self.queue = jobs.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// As [`Database::open`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Database`](crate::ErrorKind::Database).
    pub fn open(self, path: impl AsRef<Path>) -> Result<Database, Error> {
        self.start(Connection::open(path)?)
    }

    /// As [`Database::in_memory`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Database`](crate::ErrorKind::Database).
    pub fn in_memory(self) -> Result<Database, Error> {
        self.start(Connection::open_in_memory()?)
    }

    fn start(self, mut connection: Connection) -> Result<Database, Error> {
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        use_wal(&connection)?;
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON")?;
        let messages = thread::start(connection, self.queue)?;
        Ok(Database { messages })
    }
}

/// So often another connection may come first while a file is switched to WAL.
const ATTEMPTS: u32 = 100;

/// Connections that switch a new file at the same time refuse each other, and
/// SQLite's busy timeout is not for that.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..ATTEMPTS {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            switched => return switched,
        }
        // This waits, up to the busy timeout, until the other one is done.
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    }
    connection.execute_batch("PRAGMA journal_mode = WAL")
}
