use std::{
    error, fmt,
    ops::{Deref, DerefMut},
};

use bytes::Bytes;
use http::Response;
use tokio_postgres::{
    Client, IsolationLevel, Transaction,
    types::{ToSql, Type},
};
use tower_conditional::idempotency::{Attempt, SealReason};

use super::{row, sql};
use crate::{
    Error, ErrorKind,
    lease::{BusyMark, Lease},
};

/// A transaction that also records the response of an attempt: the effect and the record commit
/// together, or neither does.
///
/// If the process crashes before the commit, nothing has happened, and the outcome is that of a
/// lost attempt. If it crashes after the commit, a retry gets the response. So the route may
/// use [`Reexecute`](tower_conditional::idempotency::OnLostAttempt::Reexecute).
///
/// ```no_run
/// use bytes::Bytes;
/// use deadpool_postgres::Pool;
/// use http::Response;
/// use tower_conditional::idempotency::Attempt;
/// use tower_conditional_postgres::{Keyed, KeyedError, Lease};
///
/// async fn pay(pool: &Pool, attempt: &Attempt) -> Result<Response<Bytes>, KeyedError> {
///     let mut lease = Lease::acquire(pool).await?;
///     let tx = Keyed::begin(&mut lease, attempt).await?;
///     tx.execute("INSERT INTO payments (amount) VALUES (17)", &[]).await?;
///     tx.commit(Response::new(Bytes::from("{\"paid\":17}"))).await
/// }
/// ```
///
/// The record is that of a [`PostgresIdempotencyStore`](crate::PostgresIdempotencyStore) in this
/// database, which the layer must use. The layer renews its hold on the key over another
/// connection of its pool: give the pool more connections than transactions at a time. A hold
/// that was not renewed ends in [`KeyedError::Lost`] at the commit.
///
/// The transaction is `READ COMMITTED`. Beside the application's statements it has three: a lock
/// that ends with the transaction, a look at the record, and the record itself. Each takes one
/// round trip, and none has a name. Behind a pooler in transaction mode, send your own
/// statements with `execute_typed` or `query_typed` too: `execute` and `query` prepare them
/// under names that connections share.
///
/// Dropping the transaction rolls back, and closes the connection of its [`Lease`].
///
/// Do not end it in another way. After a `COMMIT` or `ROLLBACK` in your SQL,
/// [`commit`](Self::commit) fails with [`ErrorKind::TransactionEnded`] and seals the key. Parts of
/// the effect may be there, so no retry may run. If the transaction has failed, or is dropped,
/// nothing notices such a `COMMIT`, and the key may be freed. Savepoints are fine. `RESET ALL` is
/// taken for an end, since it resets the setting that shows one.
///
/// # The recorded response
///
/// The record is made from the response that [`commit`](Self::commit) is given, and is as large.
/// [`max_response_bytes`] does not apply to it. Layers between the handler and the
/// [`IdempotencyLayer`] may add headers. These are in the first answer and in no replay, so put
/// such layers outside.
///
/// [`max_response_bytes`]: tower_conditional::IdempotencyLayer::max_response_bytes
/// [`IdempotencyLayer`]: tower_conditional::IdempotencyLayer
#[must_use = "it rolls back when it is dropped"]
pub struct Keyed<'a> {
    tx: Transaction<'a>,
    busy: BusyMark<'a>,
    attempt: &'a Attempt,
}

impl<'a> Keyed<'a> {
    /// Begins a transaction for an attempt that holds its key.
    ///
    /// # Errors
    ///
    /// - [`KeyedError::Lost`] if the attempt does not hold the key, or if an earlier attempt's
    ///   transaction is still open. The transaction is rolled back.
    /// - [`KeyedError::Database`] if PostgreSQL fails.
    pub async fn begin(lease: &'a mut Lease, attempt: &'a Attempt) -> Result<Self, KeyedError> {
        let (client, busy) = lease.start();
        let client: &mut Client = client;
        let start = client.build_transaction();
        let start = start.isolation_level(IsolationLevel::ReadCommitted);
        let keyed = Self {
            tx: start.start().await.map_err(Error::from)?,
            busy,
            attempt,
        };
        if keyed.holds_key().await? {
            return Ok(keyed);
        }
        keyed.tx.rollback().await.map_err(Error::from)?;
        keyed.busy.clear();
        Err(KeyedError::Lost)
    }

    async fn holds_key(&self) -> Result<bool, Error> {
        let step = self.attempt.step();
        // Eight bytes of a SHA-256: a collision only makes one of two requests wait its turn.
        let mut hash = [0; 8];
        hash.copy_from_slice(&step.id.as_bytes()[..8]);
        let hash = i64::from_be_bytes(hash);
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&hash, Type::INT8)];
        let lock = self.tx.query_typed_one(sql::LOCK, &parameters).await?;
        if !lock.try_get(0)? {
            return Ok(false);
        }
        // A statement of its own, so that it sees what the last holder of the lock committed.
        let (id, owner) = (&step.id.as_bytes()[..], &step.owner.as_bytes()[..]);
        let fence = row::fence(step.fence);
        let parameters: [(&(dyn ToSql + Sync), Type); 3] = [
            (&id, Type::BYTEA),
            (&owner, Type::BYTEA),
            (&fence, Type::INT8),
        ];
        let rows = self.tx.query_typed(sql::IS_HELD, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Records the response, of any status and length, commits, and returns the response.
    ///
    /// A 5xx is repeated too. To free the key, drop the transaction instead.
    ///
    /// # Errors
    ///
    /// - [`KeyedError::Lost`] if the attempt lost its key meanwhile. Everything is rolled back.
    /// - [`KeyedError::Database`] if PostgreSQL fails. After [`ErrorKind::OutcomeUnknown`] the
    ///   transaction may have been committed; a retry finds out. After
    ///   [`ErrorKind::TransactionEnded`] the key is sealed.
    pub async fn commit(self, response: Response<Bytes>) -> Result<Response<Bytes>, KeyedError> {
        let step = self.attempt.step();
        let encoded = self.attempt.encode(&response);
        let encoded = encoded.map_err(Error::from_cause)?;
        let end = row::End::new(&step, row::COMPLETED, None, Some(&encoded));
        let statement = sql::end_in_transaction();
        let ended = self.tx.query_typed_one(&statement, &end.parameters()).await;
        let ended = ended.map_err(Error::from)?;
        let (is_open, has_ended): (bool, bool) = (ended.try_get(0)?, ended.try_get(1)?);
        if !is_open {
            self.seal().await;
            return Err(Error::of(ErrorKind::TransactionEnded).into());
        }
        if !has_ended {
            self.tx.rollback().await.map_err(Error::from)?;
            self.busy.clear();
            return Err(KeyedError::Lost);
        }
        self.tx.commit().await.map_err(Error::from_commit)?;
        self.busy.clear();
        self.attempt.confirm_recorded();
        Ok(response)
    }

    /// Seals the key after the handler has ended the transaction. The drop closes the connection,
    /// whose state nobody knows.
    async fn seal(&self) {
        // The handler may have begun another one. If that fails, so does the seal.
        let _ = self.tx.batch_execute("ROLLBACK").await;
        let (step, reason) = (self.attempt.step(), SealReason::Policy);
        let end = row::End::new(&step, row::SEALED, Some(reason), None);
        let sealed = self.tx.execute_typed(sql::END, &end.parameters()).await;
        if !matches!(sealed, Ok(1)) {
            // The layer must not free the key, so its lease runs out.
            self.attempt.confirm_recorded();
        }
    }
}

impl<'a> Deref for Keyed<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Transaction<'a> {
        &self.tx
    }
}

impl<'a> DerefMut for Keyed<'a> {
    fn deref_mut(&mut self) -> &mut Transaction<'a> {
        &mut self.tx
    }
}

impl fmt::Debug for Keyed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// An error returned by [`Keyed`].
///
/// A handler answers it with a 5xx, which
/// [frees the key](tower_conditional::IdempotencyLayer::on_server_error) of an attempt that holds
/// it:
///
/// | Error | Answer | A retry |
/// |---|---|---|
/// | [`Lost`](Self::Lost) | 503 | gets the response of another attempt, gets 409, or runs the handler again |
/// | [`Database`](Self::Database) | 500, or 503 for a [conflict](Error::is_conflict) | runs the handler again |
/// | with [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) | 503 | gets the recorded response if the commit took place, and runs otherwise |
/// | with [`TransactionEnded`](ErrorKind::TransactionEnded) | 500 | gets 409 |
///
/// A record that was committed is never freed: the layer learns that the attempt no longer holds
/// its key, and leaves the record.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyedError {
    /// The attempt does not hold the key: its lease ran out, another attempt has it, or the layer's
    /// store is in another database. Nothing was written.
    Lost,
    /// PostgreSQL failed.
    Database(Error),
}

impl From<Error> for KeyedError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<tokio_postgres::Error> for KeyedError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
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
