use std::time::Duration;

use deadpool_postgres::Pool;
use http::{HeaderValue, request::Parts};
use tower_conditional::state_ref::StateSource;

use crate::{
    Error, InvalidSchema, Statements,
    lease::{DEFAULT_TIMEOUT, above_zero, within},
};

/// A state source for a `StateRefLayer` that names the latest event of a log, which
/// [`Schema::events`](crate::Schema::events) keeps. Before the first event it is `0`.
///
/// ```no_run
/// # async fn run(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// use tower_conditional_postgres::{EventLog, Install, Schema};
///
/// let client = pool.get().await?;
/// Schema::new().events("notes_events")?.install(&client).await?;
/// client.execute("INSERT INTO notes_events (event) VALUES ('note 17 renamed')", &[]).await?;
///
/// let latest = EventLog::new(pool, "notes_events")?;
/// # Ok(())
/// # }
/// ```
///
/// # Comparison with `bigserial`
///
/// The number of a `bigserial` is assigned when a row is written, and becomes visible when
/// its writer commits. So 1 may become visible after 2, and then the greatest number stays
/// 2 although there is a new event.
///
/// Here a writer takes its number under a lock that it holds until it commits. So numbers
/// become visible in order, and each new event has a greater number. Writers that append
/// wait for each other, so append as the last step of a transaction. The numbers are those of
/// the versions, which an [installation](crate::Schema#repeated-installation) advances.
#[derive(Debug, Clone)]
#[must_use]
pub struct EventLog {
    pool: Pool,
    sql: String,
    timeout: Duration,
}

impl EventLog {
    /// Creates a source from a table of [`Schema::events`](crate::Schema::events).
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn new(pool: Pool, table: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self {
            pool,
            sql: Statements::latest_event(table)?,
            timeout: DEFAULT_TIMEOUT,
        })
    }

    /// Sets how long an answer may take, including the wait for a connection.
    /// Defaults to 5 seconds.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no answer would come in time.
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        let timeout = above_zero(timeout);
        Self { timeout, ..self }
    }
}

impl StateSource for EventLog {
    type Error = Error;

    async fn latest(&self, _: &Parts) -> Result<Option<HeaderValue>, Error> {
        let latest: i64 = within(self.timeout, &self.pool, async |client| {
            let row = client.query_typed_one(&self.sql, &[]).await?;
            Ok(row.try_get(0)?)
        })
        .await?;
        Ok(Some(latest.into()))
    }
}
