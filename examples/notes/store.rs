//! SQLite on a thread of its own: handlers send it closures and await their results.

use std::{fmt, thread};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    updated_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE TABLE IF NOT EXISTS pages (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
) STRICT;
INSERT INTO pages VALUES
    ('home', '<h1>Home</h1>' || char(10)),
    ('about', '<h1>About</h1>' || char(10))
ON CONFLICT DO NOTHING;
";

const SEED: &str = "
WITH RECURSIVE seed(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?1)
INSERT INTO notes (title, text)
SELECT 'Note ' || n, 'This is note ' || n || '. ' || ?2 FROM seed
WHERE ?1 > 0 AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'notes')";

const FILLER: &str = "Read it once and keep its tag: as long as nobody edits it, asking again \
    costs a few header bytes. Edit it, and the next reader gets the new text at once.";

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

#[derive(Clone, Debug)]
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
}

impl Store {
    /// Opens the database and, when it never held a note, fills it with `notes` of them.
    pub(crate) fn open(database: &str, notes: u32) -> Result<Self, StoreError> {
        let mut connection = Connection::open(database)?;
        connection.execute_batch(SCHEMA)?;
        connection.execute(SEED, (notes, FILLER))?;

        let (jobs, mut queue) = mpsc::channel::<Job>(64);
        thread::spawn(move || {
            while let Some(job) = queue.blocking_recv() {
                job(&mut connection);
            }
        });
        Ok(Self { jobs })
    }

    /// Runs `job` whole, also when the caller goes away in the meantime.
    pub(crate) async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A caller that went away does not want the result.
            let _ = reply.send(job(connection));
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Stopped)?;
        Ok(result.await.map_err(|_| StoreError::Stopped)??)
    }
}

#[derive(Debug)]
pub(crate) enum StoreError {
    Database(rusqlite::Error),
    Stopped,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "database: {error}"),
            Self::Stopped => f.write_str("database: its thread has stopped"),
        }
    }
}

impl std::error::Error for StoreError {}
