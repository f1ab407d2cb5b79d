mod keyed;
mod record;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use rusqlite::{Connection, TransactionBehavior};
use tower_conditional::{
    clock::{Clock, SystemClock},
    idempotency::{Admission, Claim, KeyRecord, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

use crate::{Database, Error, ErrorKind};

pub use keyed::{KeyedError, KeyedResponse, KeyedTransaction};

/// A store of idempotency keys in SQLite, which all processes with the file share. Clones share
/// it.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_conditional::IdempotencyLayer;
/// use tower_conditional_sqlite::{Database, SqliteIdempotencyStore};
///
/// # #[derive(Clone)] struct User(String);
/// let database = Database::in_memory()?; // or Database::open("orders.db")?
/// let store = SqliteIdempotencyStore::new(database);
/// store.install().await?;
/// let layer = IdempotencyLayer::new(store, |request| {
///     request.extensions.get::<User>().map(|user| user.0.clone())
/// });
/// # let _ = layer;
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
///
/// Each step is a transaction that begins with `BEGIN IMMEDIATE`, so that claims of several
/// processes come one after the other. A record is as durable as the file's other commits: in
/// WAL mode with `synchronous = NORMAL`, a power failure may lose the last ones. Set
/// `synchronous = FULL` for money.
///
/// If the handler writes to the same database, use [`Database::keyed`]: the effect and the
/// record then commit together.
///
/// # Waits
///
/// The steps are jobs of the [`Database`], and run one after another with all its other jobs. A
/// long job delays the renewal of leases, and an attempt whose lease ends is lost. Keep the jobs
/// that wait in the queue together shorter than half of the [lease], 15 seconds by default. For
/// longer ones, open the file a second time and give the store that [`Database`]. Its steps then
/// wait for no reader, and for a writer only until it commits.
///
/// The wait in the queue has no timeout. The wait for the lock of another connection has the
/// [`busy_timeout`](crate::DatabaseOptions::busy_timeout), 5 seconds by default. After that a
/// step has failed and changed nothing. A claim is then answered with 503, and the layer repeats
/// the other steps.
///
/// # Clock
///
/// Leases and retention are measured on the wall clock of the machine, in whole milliseconds. If
/// that clock is set forward, leases end early, and the outcomes of running attempts become
/// unknown. If it is set back, they last longer.
///
/// [lease]: tower_conditional::IdempotencyLayer::lease
#[derive(Clone)]
pub struct SqliteIdempotencyStore {
    database: Database,
    clock: Arc<dyn Clock>,
}

/// The migration. `forgotten_at` is in milliseconds since 1970.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS conditional_idempotency (
    id BLOB PRIMARY KEY NOT NULL,
    record BLOB NOT NULL,
    response BLOB,
    forgotten_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS conditional_idempotency_forgotten
    ON conditional_idempotency (forgotten_at);
";

/// The columns of the table, each with its place in the primary key.
const COLUMNS: &str = "id BLOB 1, record BLOB 0, response BLOB 0, forgotten_at INTEGER 0";

/// Returns `true` if the table is there and is not that of the migration.
fn is_foreign(connection: &Connection) -> rusqlite::Result<bool> {
    let columns = "SELECT group_concat(name || ' ' || upper(type) || ' ' || pk, ', ')
        FROM (SELECT * FROM pragma_table_info('conditional_idempotency') ORDER BY cid)";
    let found: Option<String> = connection.query_one(columns, (), |row| row.get(0))?;
    Ok(found.is_some_and(|found| found != COLUMNS))
}

impl SqliteIdempotencyStore {
    /// Creates a store in a database. Call [`install`](Self::install) once before its use.
    #[must_use]
    pub fn new(database: Database) -> Self {
        let clock = Arc::new(SystemClock);
        Self { database, clock }
    }

    /// Sets the clock on which leases and retention are measured. Defaults to [`SystemClock`].
    /// Processes that share a file should share the machine's clock.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self {
            clock: Arc::new(clock),
            ..self
        }
    }

    /// Returns the migration, for your migration tool: the table `conditional_idempotency` and
    /// its index. It may run at every start.
    #[must_use]
    pub fn schema_sql() -> &'static str {
        SCHEMA
    }

    /// Runs the migration.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Database::run`], and [`ErrorKind::Refused`] if a table of the name
    /// is there and has other columns.
    pub async fn install(&self) -> Result<(), Error> {
        let installed = self.database.submit(|connection| {
            if is_foreign(connection)? {
                let reason = "table conditional_idempotency has other columns: it is of another \
                              version or use";
                return Err(Error::with_reason(ErrorKind::Refused, reason));
            }
            Ok(connection.execute_batch(SCHEMA)?)
        });
        installed.await
    }

    /// Changes a record in one transaction.
    async fn change<T: Send + 'static>(
        &self,
        id: RecordId,
        with_response: bool,
        change: impl FnOnce(&mut Option<KeyRecord<Bytes>>, Duration) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let clock = Arc::clone(&self.clock);
        let changed = self.database.submit(move |connection| -> Result<T, Error> {
            let behavior = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(behavior)?;
            // Under the lock, so that no wait for it counts.
            let now = since_1970(&*clock);
            let before = record::load(&transaction, &id, with_response)?;
            let mut slot = before.clone();
            let result = change(&mut slot, now);
            if slot != before
                && let Some(record) = &slot
            {
                record::save(&transaction, &id, record)?;
            }
            transaction.commit().map_err(Error::from_commit)?;
            Ok(result)
        });
        changed.await.map_err(store_error)
    }

    async fn attempt(
        &self,
        step: Step,
        change: impl FnOnce(&mut KeyRecord<Bytes>, Duration) -> Update + Send + 'static,
    ) -> Result<Update, StoreError> {
        let changed = self.change(step.id, false, |slot, now| {
            slot.as_mut()
                .map_or(Update::Lost, |record| change(record, now))
        });
        changed.await
    }
}

/// Returns the time in whole milliseconds, as records have it. In parts of one, a lease of zero
/// would end later than now, and a purge would see another time than a claim.
fn since_1970(clock: &dyn Clock) -> Duration {
    let now = clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now - Duration::from_nanos(u64::from(now.subsec_nanos() % 1_000_000))
}

fn store_error(error: Error) -> StoreError {
    match error.kind() {
        ErrorKind::OutcomeUnknown => StoreError::ambiguous(error),
        ErrorKind::CorruptRecord => StoreError::corrupt(error),
        // Everything else ends before the commit.
        _ => StoreError::not_applied(error),
    }
}

impl IdempotencyStore for SqliteIdempotencyStore {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        let begun = self.change(id, true, move |slot, now| {
            KeyRecord::begin(slot, &claim, now)
        });
        begun.await
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        let renewed = self.attempt(step, move |record, now| {
            record.renew(step.owner, step.fence, lease, now)
        });
        renewed.await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        let completed = self.attempt(step, move |record, now| {
            record.complete(step.owner, step.fence, response, now)
        });
        completed.await
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        let released = self.attempt(step, move |record, now| {
            record.release(step.owner, step.fence, now)
        });
        released.await
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        let sealed = self.attempt(step, move |record, now| {
            record.seal(step.owner, step.fence, reason, now)
        });
        sealed.await
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        let inspected = self.change(id, true, |slot, now| {
            slot.as_ref().and_then(|record| Inspection::of(record, now))
        });
        inspected.await
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        // A second delivery is compared with the response that the first one has written.
        let resolved = self.change(id, true, move |slot, now| {
            slot.as_mut().map_or(Update::Lost, |record| {
                record.resolve(fence, resolution, now)
            })
        });
        resolved.await
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        let clock = Arc::clone(&self.clock);
        let purged = self.database.run(move |connection| {
            let delete = "DELETE FROM conditional_idempotency WHERE id IN (
                SELECT id FROM conditional_idempotency WHERE forgotten_at <= ?1 LIMIT ?2)";
            let now = record::milliseconds(since_1970(&*clock));
            let batch = i64::try_from(batch.get()).unwrap_or(i64::MAX);
            connection.execute(delete, (now, batch))
        });
        purged.await.map_err(store_error)
    }
}

impl fmt::Debug for SqliteIdempotencyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteIdempotencyStore")
            .finish_non_exhaustive()
    }
}
