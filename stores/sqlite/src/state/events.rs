use std::time::Duration;

use http::{HeaderValue, request::Parts};
use tower_conditional::state_ref::StateSource;

use crate::{Database, Error, InvalidSchema, Statements, timeout};

/// A state source that names the latest event of a log.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use http::Request;
/// use tower_conditional::state_ref::StateSource;
/// use tower_conditional_sqlite::{Database, EventLog, Install, Schema};
///
/// let database = Database::in_memory()?;
/// Schema::new().events("notes_events")?.install(&database).await?;
/// // In the transaction that changes what the event is about:
/// database
///     .run(|connection| {
///         connection.execute("INSERT INTO notes_events (event) VALUES ('note 17 made')", ())
///     })
///     .await?;
///
/// let log = EventLog::new(database, "notes_events")?;
/// let (request, ()) = Request::get("/state").body(())?.into_parts();
/// assert_ne!(log.latest(&request).await?.unwrap(), "0");
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
/// #     .block_on(run()).unwrap();
/// ```
///
/// Before the first event the identifier is `0`. The first event has about the microseconds
/// since 1970 at the [installation](crate::Schema#repeated-installation), and the next ones
/// count on. So events of a restored backup, or of a new file, have other numbers than those
/// that were lost.
///
/// SQLite has one writer at a time, from its first write to its commit. So identifiers
/// come in the order of the commits, and the greatest one changes with each event that
/// becomes visible.
///
/// Use no `max(id)` over another table: if the newest row is deleted, its number is used
/// again. The triggers of [`Schema::events`](crate::Schema::events) refuse to delete
/// an event.
#[derive(Debug, Clone)]
pub struct EventLog {
    database: Database,
    sql: String,
    timeout: Duration,
}

impl EventLog {
    /// Creates a source from a table of [`Schema::events`](crate::Schema::events).
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn new(database: Database, table: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self {
            database,
            sql: Statements::latest_event(table)?,
            timeout: timeout::DEFAULT,
        })
    }

    /// Sets how long an answer may take, including the wait for the thread of the
    /// database. Defaults to 5 seconds. It needs tokio's timer.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no answer would come in time.
    #[must_use]
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        let timeout = timeout::above_zero(timeout);
        Self { timeout, ..self }
    }
}

impl StateSource for EventLog {
    type Error = Error;

    async fn latest(&self, _: &Parts) -> Result<Option<HeaderValue>, Error> {
        let sql = self.sql.clone();
        let read = self
            .database
            .run(move |connection| connection.query_row(&sql, (), |row| row.get(0)));
        let latest: i64 = timeout::within(self.timeout, read).await?;
        Ok(Some(latest.into()))
    }
}
