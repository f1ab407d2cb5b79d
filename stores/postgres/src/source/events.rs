use std::time::Duration;

use deadpool_postgres::Pool;
use http::{HeaderValue, request::Parts};
use tower_conditional::state_ref::StateSource;

use crate::{
    Error, InvalidSchema, Statements,
    lease::{DEFAULT_TIMEOUT, within},
};

/// The latest event of a log that [`Schema::events`](crate::Schema::events)
/// keeps, as an identifier for a `StateRefLayer`; `0` before the first.
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
/// # Why not `bigserial`
///
/// The numbers of a `bigserial` are handed out when a row is written and become
/// visible when its writer commits: 1 may come after 2, and the greatest stays
/// 2 though there is more to see. Here a writer takes its number under a lock
/// that it holds until it commits, so numbers become visible in their order,
/// and a greater one is there whenever there is more. The price is that those
/// who append wait for each other: append last.
#[derive(Debug, Clone)]
#[must_use]
pub struct EventLog {
    pool: Pool,
    sql: String,
    timeout: Duration,
}

impl EventLog {
    /// Of this table.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn new(pool: Pool, table: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self {
            pool,
            sql: Statements::latest_event(table)?,
            timeout: DEFAULT_TIMEOUT,
        })
    }

    /// Sets how long an answer may take, including the wait for a connection.
    /// Defaults to 5 seconds.
    pub fn timeout(self, timeout: Duration) -> Self {
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
