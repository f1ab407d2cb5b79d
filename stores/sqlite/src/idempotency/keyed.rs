use std::{error, fmt, ops::Deref, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use rusqlite::Transaction;
use tower_conditional::idempotency::{Attempt, Update};

use super::{SqliteIdempotencyStore, record, since_1970};
use crate::{Database, Error, transaction::JobTransaction};

impl Database {
    /// Runs `job` in a transaction that also records the response of an attempt: the effect
    /// and the record commit together, or neither does.
    ///
    /// If the process crashes before the commit, nothing has happened, and the outcome is that
    /// of a lost attempt. If it crashes after the commit, a retry gets the response. So the
    /// route may use [`Reexecute`](tower_conditional::idempotency::OnLostAttempt::Reexecute).
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Response, StatusCode};
    /// use tower_conditional::idempotency::Attempt;
    /// use tower_conditional_sqlite::{Database, KeyedError};
    ///
    /// async fn pay(database: &Database, attempt: Attempt) -> Result<Response<Bytes>, KeyedError> {
    ///     let paid = database.keyed(&attempt, |keyed| {
    ///         keyed.execute("INSERT INTO payments (amount) VALUES (?1)", [17])?;
    ///         let mut response = Response::new(Bytes::from("{\"paid\":17}"));
    ///         *response.status_mut() = StatusCode::CREATED;
    ///         keyed.commit(response)
    ///     });
    ///     paid.await
    /// }
    /// # let _ = pay;
    /// ```
    ///
    /// The record is that of a [`SqliteIdempotencyStore`] in this database, which the layer must
    /// use. If that store has a clock or a [`Database`] of its own, use
    /// [`SqliteIdempotencyStore::keyed`]. `job` runs on the thread of the database, and to its
    /// end, even if its caller is dropped.
    ///
    /// A refusal is a response too: commit a 4xx before the first write. An error from `job` rolls
    /// back what it wrote.
    ///
    /// Return the errors of statements from `job`. For some of them SQLite rolls back the whole
    /// transaction, such as for `ON CONFLICT ROLLBACK` or a full disk. If `job` goes on, its later
    /// writes are refused, and so is the record. `COMMIT` and `ROLLBACK` in `job` have the same
    /// effect.
    ///
    /// No lease is renewed while `job` runs. Its own attempt cannot be taken over meanwhile, since
    /// the transaction holds the write lock. Other attempts that wait for the thread lose their keys
    /// if it takes longer than half of the [lease](tower_conditional::IdempotencyLayer::lease).
    ///
    /// # Errors
    ///
    /// - [`KeyedError::Lost`] if the attempt does not hold the key. Nothing was written.
    /// - [`KeyedError::Database`] with the errors of [`run`](Self::run) and of `job`, which roll
    ///   back, or with [`RolledBack`](crate::ErrorKind::RolledBack) or
    ///   [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown).
    pub async fn keyed<F>(&self, attempt: &Attempt, job: F) -> Result<Response<Bytes>, KeyedError>
    where
        F: FnOnce(KeyedTransaction<'_>) -> rusqlite::Result<KeyedResponse> + Send + 'static,
    {
        SqliteIdempotencyStore::new(self.clone())
            .keyed(attempt, job)
            .await
    }
}

impl SqliteIdempotencyStore {
    /// Runs `job` in a transaction that also records the response of an attempt, on the clock of
    /// this store. See [`Database::keyed`] for an example.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Database::keyed`].
    pub async fn keyed<F>(&self, attempt: &Attempt, job: F) -> Result<Response<Bytes>, KeyedError>
    where
        F: FnOnce(KeyedTransaction<'_>) -> rusqlite::Result<KeyedResponse> + Send + 'static,
    {
        let (job_attempt, clock) = (attempt.clone(), Arc::clone(&self.clock));
        let outcome = self.database.submit(move |connection| -> Result<_, Error> {
            let transaction = JobTransaction::begin(connection)?;
            let (step, begun_at) = (job_attempt.step(), since_1970(&*clock));
            let record = record::load(&transaction, &step.id, false)?;
            // Nothing runs for an attempt that was taken over while it waited.
            if !record.is_some_and(|record| record.is_held_by(step.owner, step.fence, begun_at)) {
                return Ok(None);
            }
            let keyed = KeyedTransaction {
                transaction,
                attempt: job_attempt,
                begun_at,
            };
            job(keyed).map_err(Error::from_job)?.outcome
        });
        let response = outcome.await?.ok_or(KeyedError::Lost)?;
        attempt.confirm_recorded();
        Ok(response)
    }
}

/// The transaction of [`Database::keyed`]. It dereferences to the driver's [`Transaction`].
///
/// The record is made from the response that [`commit`](Self::commit) is given, and is as large.
/// [`max_response_bytes`] does not apply to it. Layers between the handler and the
/// [`IdempotencyLayer`] may add headers. These are in the first answer and in no replay, so put
/// such layers outside.
///
/// [`max_response_bytes`]: tower_conditional::IdempotencyLayer::max_response_bytes
/// [`IdempotencyLayer`]: tower_conditional::IdempotencyLayer
pub struct KeyedTransaction<'c> {
    transaction: JobTransaction<'c>,
    attempt: Attempt,
    /// The time from which on nobody else can change the record.
    begun_at: Duration,
}

/// The proof that a [`KeyedTransaction`] has ended with its record, from
/// [`commit`](KeyedTransaction::commit).
#[derive(Debug)]
pub struct KeyedResponse {
    /// `None` if the attempt had lost its key. Nothing was written then.
    outcome: Result<Option<Response<Bytes>>, Error>,
}

impl KeyedTransaction<'_> {
    /// Records the response, of any status and length, and commits.
    ///
    /// A 5xx is repeated too. To free the key, return an error from the job instead.
    ///
    /// # Errors
    ///
    /// Returns the errors of the driver before the commit. A failed commit is an error of
    /// [`Database::keyed`].
    pub fn commit(self, response: Response<Bytes>) -> rusqlite::Result<KeyedResponse> {
        let outcome = self.end(response);
        Ok(KeyedResponse { outcome })
    }

    fn end(self, response: Response<Bytes>) -> Result<Option<Response<Bytes>>, Error> {
        let step = self.attempt.step();
        let encoded = self.attempt.encode(&response);
        let encoded = encoded.map_err(Error::with_cause)?;
        // The effect of the job is gone then, so the key stays free.
        self.transaction.check_open()?;
        let Some(mut record) = record::load(&self.transaction, &step.id, false)? else {
            return Ok(None);
        };
        // The write lock is held since then, so a lease that ran out meanwhile was not taken over.
        let now = self.begun_at;
        if record.complete(step.owner, step.fence, encoded, now) != Update::Applied {
            // The drop of the transaction rolls back.
            return Ok(None);
        }
        record::save(&self.transaction, &step.id, &record)?;
        self.transaction.commit()?;
        Ok(Some(response))
    }
}

impl<'c> Deref for KeyedTransaction<'c> {
    type Target = Transaction<'c>;

    fn deref(&self) -> &Transaction<'c> {
        &self.transaction
    }
}

impl fmt::Debug for KeyedTransaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedTransaction")
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// An error returned by [`Database::keyed`].
///
/// A handler answers it with a 5xx, which
/// [frees the key](tower_conditional::IdempotencyLayer::on_server_error) of an attempt that holds
/// it:
///
/// | Error | Answer | A retry |
/// |---|---|---|
/// | [`Lost`](Self::Lost) | 503 | gets the response of another attempt, gets 409, or runs the handler again |
/// | [`Database`](Self::Database) | 500 | runs the handler again |
/// | with [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) | 503 | gets the recorded response if the commit took place, and runs otherwise |
///
/// A record that was committed is never freed: for the layer, its key is lost.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyedError {
    /// The attempt does not hold the key: its lease ran out, another attempt has it, or the layer's
    /// store is in another database. Nothing was written.
    Lost,
    /// The database failed, or the job did.
    Database(Error),
}

impl From<Error> for KeyedError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for KeyedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "the attempt does not hold its idempotency key any more",
            Self::Database(_) => "the transaction of an idempotency key failed",
        })
    }
}

impl error::Error for KeyedError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Lost => None,
            Self::Database(error) => Some(error),
        }
    }
}
