mod keyed;
mod row;
mod sql;
#[cfg(test)]
mod tests;

use std::{fmt, num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use deadpool_postgres::{ClientWrapper, Pool};
use tokio_postgres::{
    Client,
    error::SqlState,
    types::{ToSql, Type},
};
use tower_conditional::{
    idempotency::{Admission, Claim, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

use crate::{Error, ErrorKind, lease};

pub use keyed::{Keyed, KeyedError};

/// A store of idempotency keys in PostgreSQL, which all replicas of an application share.
/// Clones share its pool.
///
/// ```no_run
/// # async fn run(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// use tower_conditional::IdempotencyLayer;
/// use tower_conditional_postgres::PostgresIdempotencyStore;
///
/// # #[derive(Clone)] struct User(String);
/// PostgresIdempotencyStore::install(&**pool.get().await?).await?;
/// let layer = IdempotencyLayer::new(PostgresIdempotencyStore::new(pool), |request| {
///     request.extensions.get::<User>().map(|user| user.0.clone())
/// });
/// # let _ = layer;
/// # Ok(())
/// # }
/// ```
///
/// Each step is one statement and one round trip, on the clock of the server. It takes a
/// connection of the pool only for that statement. It prepares no named statement and uses no
/// session lock, so a pooler in transaction mode may stand between. A record is as durable as
/// other commits; see `synchronous_commit`.
///
/// If the handler writes to the same database, use [`Keyed`]: the effect and the record then
/// commit together.
#[derive(Clone)]
pub struct PostgresIdempotencyStore {
    pool: Pool,
    timeout: Duration,
}

/// Tries of a claim whose row was inserted or removed while it was decided.
const MAX_TRIES: usize = 5;

impl PostgresIdempotencyStore {
    /// Returns the store. Call [`install`](Self::install) once before its use.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        let timeout = lease::DEFAULT_TIMEOUT;
        Self { pool, timeout }
    }

    /// Sets the timeout of each step, with the wait for a connection. Defaults to 5 seconds.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no answer would come in time.
    #[must_use]
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        let timeout = lease::above_zero(timeout);
        Self { timeout, ..self }
    }

    /// Returns the migration, for your migration tool: the table `conditional_idempotency` and
    /// its index, in the first schema of the `search_path`.
    ///
    /// It is one statement. It may run at every start, and on several replicas at once. If nothing
    /// is missing, it needs no rights, and waits for no lock of the table.
    #[must_use]
    pub fn schema_sql() -> &'static str {
        sql::SCHEMA
    }

    /// Runs the migration.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Refused`] if a table of the name is there and has other columns or no primary
    ///   key, or is unlogged.
    /// - [`ErrorKind::Database`] if PostgreSQL fails.
    pub async fn install(client: &Client) -> Result<(), Error> {
        let installed = client.batch_execute(sql::SCHEMA).await;
        installed.map_err(Error::from_install)
    }

    /// Runs a step on a connection of the pool.
    async fn step<T>(
        &self,
        step: impl AsyncFnOnce(&ClientWrapper) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        lease::within(self.timeout, &self.pool, step)
            .await
            .map_err(store_error)
    }

    /// Ends an attempt.
    async fn end(
        &self,
        step: Step,
        state: i16,
        reason: Option<SealReason>,
        response: Option<Bytes>,
    ) -> Result<Update, StoreError> {
        let ended = self.step(async |client| {
            let end = row::End::new(&step, state, reason, response.as_deref());
            let parameters = end.parameters();
            if client.execute_typed(sql::END, &parameters).await? == 1 {
                return Ok(Update::Applied);
            }
            // The step may have been applied by an earlier delivery.
            let rows = client.query_typed(sql::HAS_ENDED, &parameters[..5]).await?;
            Ok(row::update(rows.len() as u64))
        });
        ended.await
    }
}

fn is_serialization_failure(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
}

/// A step that was sent may have been applied, whatever became of the connection.
fn store_error(error: Error) -> StoreError {
    match error.kind() {
        // Nothing was sent, or no statement changed a row.
        ErrorKind::Pool | ErrorKind::Contention => StoreError::not_applied(error),
        ErrorKind::CorruptRecord => StoreError::corrupt(error),
        // The server refused the statement, so nothing was changed.
        ErrorKind::Database if error.is_refused() => StoreError::not_applied(error),
        _ => StoreError::ambiguous(error),
    }
}

impl IdempotencyStore for PostgresIdempotencyStore {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        let begun = self.step(async |client| {
            let id = &id.as_bytes()[..];
            let fingerprint = claim.fingerprint.to_bytes();
            let (fingerprint, owner) = (&fingerprint[..], &claim.owner.as_bytes()[..]);
            let lease = row::seconds(claim.lease);
            let replay = row::seconds(claim.retention.replay);
            let tombstone = row::seconds(claim.retention.tombstone);
            let parameters: [(&(dyn ToSql + Sync), Type); 7] = [
                (&id, Type::BYTEA),
                (&fingerprint, Type::BYTEA),
                (&owner, Type::BYTEA),
                (&lease, Type::FLOAT8),
                (&replay, Type::FLOAT8),
                (&tombstone, Type::FLOAT8),
                (&claim.takeover, Type::BOOL),
            ];
            for _ in 0..MAX_TRIES {
                let row = match client.query_typed_opt(sql::BEGIN, &parameters).await {
                    // Beyond `READ COMMITTED`, a row that changed meanwhile is an error.
                    Err(error) if is_serialization_failure(&error) => continue,
                    row => row?,
                };
                if let Some(row) = row {
                    return row::admission(&row, &claim);
                }
            }
            Err(Error::with_reason(ErrorKind::Contention, "idempotency key"))
        });
        begun.await
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        let renewed = self.step(async |client| {
            let (id, owner) = (&step.id.as_bytes()[..], &step.owner.as_bytes()[..]);
            let (fence, lease) = (row::fence(step.fence), row::seconds(lease));
            let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
                (&id, Type::BYTEA),
                (&owner, Type::BYTEA),
                (&fence, Type::INT8),
                (&lease, Type::FLOAT8),
            ];
            let rows = client.execute_typed(sql::RENEW, &parameters).await?;
            Ok(row::update(rows))
        });
        renewed.await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        self.end(step, row::COMPLETED, None, Some(response)).await
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        self.end(step, row::RELEASED, None, None).await
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        self.end(step, row::SEALED, Some(reason), None).await
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        let inspected = self.step(async |client| {
            let id = &id.as_bytes()[..];
            let row = client
                .query_typed_opt(sql::INSPECT, &[(&id, Type::BYTEA)])
                .await?;
            row.map(|row| row::inspection(&row)).transpose()
        });
        inspected.await
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        let resolved = self.step(async |client| {
            let (state, reason, response) = match resolution {
                Resolution::Complete(response) => (row::COMPLETED, None, Some(response)),
                Resolution::Release => (row::RELEASED, None, None),
                Resolution::Seal => (row::SEALED, Some(SealReason::Operator), None),
                _ => return Ok(Update::Lost),
            };
            let (id, fence) = (&id.as_bytes()[..], row::fence(fence));
            let (reason, response) = (reason.map(row::reason_code), response.as_deref());
            let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
                (&id, Type::BYTEA),
                (&fence, Type::INT8),
                (&state, Type::INT2),
                (&reason, Type::INT2),
                (&response, Type::BYTEA),
            ];
            if client.execute_typed(sql::RESOLVE, &parameters).await? == 1 {
                return Ok(Update::Applied);
            }
            // The key may have been settled by an earlier delivery.
            let rows = client.query_typed(sql::HAS_RESOLVED, &parameters).await?;
            Ok(row::update(rows.len() as u64))
        });
        resolved.await
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        let purged = self.step(async |client| {
            let batch = i64::try_from(batch.get()).unwrap_or(i64::MAX);
            let removed = client
                .execute_typed(sql::PURGE, &[(&batch, Type::INT8)])
                .await?;
            Ok(usize::try_from(removed).unwrap_or(usize::MAX))
        });
        purged.await
    }
}

impl fmt::Debug for PostgresIdempotencyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresIdempotencyStore")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
