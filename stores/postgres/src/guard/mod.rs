//! Check and write in one transaction.

mod error;
mod held;
mod target;

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use tokio_postgres::{Client, IsolationLevel, Transaction};
use tower_conditional::{Current, handler::Expected};

use crate::{
    Error, ErrorKind, Scope, Statements,
    lease::{BusyMark, Lease},
    source::read,
};

pub use error::GuardError;
use held::HeldAbsence;
pub use target::Target;

/// A transaction that begins only if the state is what the request expects, and that
/// keeps other writers out until its end.
///
/// ```no_run
/// # use deadpool_postgres::Pool;
/// use tower_conditional::{Current, handler::Expected};
/// use tower_conditional_postgres::{GuardError, Guarded, Lease, Scope, Target};
///
/// async fn rename(
///     pool: &Pool,
///     id: i64,
///     text: &str,
///     expected: Expected,
/// ) -> Result<Current, GuardError> {
///     let mut lease = Lease::acquire(pool).await?;
///     let target = Target::scope(Scope::row("notes", id));
///     let tx = Guarded::begin(&mut lease, expected, target).await?; // Precondition: 412
///     tx.execute("UPDATE notes SET text = $1 WHERE id = $2", &[&text, &id]).await?;
///     let current = tx.current().await?; // the validators for the response
///     tx.commit().await?;
///     Ok(current)
/// }
/// ```
///
/// The transaction is `READ COMMITTED`. Dropping it rolls back, and closes the connection
/// of its [`Lease`]. [`rollback`](Self::rollback) keeps the connection.
///
/// End it in these ways only. A `COMMIT` or `ROLLBACK` in your SQL ends its locks too, so
/// [`commit`](Self::commit) fails with [`ErrorKind::TransactionEnded`]. `RESET ALL` is taken for an
/// end, since it resets the setting that shows one. Savepoints are fine.
///
/// # What it guarantees
///
/// Of any number of writers that expect the same state, one succeeds, across all replicas
/// of the application. With `If-None-Match: *`, one of them creates the resource.
///
/// A writer that is not guarded, such as a job or `psql`, cannot come between. Either it
/// waits for the commit, or the guarded writer waits for it. If each waits for the other,
/// PostgreSQL ends one after its `deadlock_timeout` (1 second by default). That
/// statement fails, and [`Error::is_conflict`] returns `true`. Try it again.
///
/// # Creating
///
/// If a row of a watched table is absent, its absence is held: a writer that inserts the
/// row waits for the transaction. The absence of the row of a [query](Target::query) is
/// not held: an `INSERT` that is not guarded may commit after the query.
///
/// So use a plain `INSERT` if [`Expected::must_be_absent`] returns `true`. The key then
/// refuses a row that exists ([`Error::is_conflict`]). An upsert (`ON CONFLICT DO UPDATE`,
/// `MERGE`) would overwrite it.
///
/// # Limits
///
/// Each wait for a lock ends after [`Target::lock_timeout`], 2 seconds by default, with an
/// error for which [`Error::is_conflict`] returns `true`. All other limits, such as
/// `statement_timeout`, are those of the connection.
///
/// # Cancellation
///
/// If the client disconnects, the future of its handler is dropped. Then the transaction
/// is rolled back and its connection is closed, so that no other request waits for it. A
/// statement that waits in the database ends at the lock timeout. Use `Detached::finish`
/// of `tower_conditional` (feature `tokio`) for a write that must finish.
#[must_use = "it rolls back when it is dropped"]
pub struct Guarded<'a> {
    tx: Transaction<'a>,
    busy: BusyMark<'a>,
    held: Option<HeldAbsence>,
    target: Target,
}

impl<'a> Guarded<'a> {
    /// Begins a transaction if the target is what the request expects.
    ///
    /// It waits for other writers of the target, reads its state under a lock, and
    /// compares. If the request has no condition, nothing is read or locked.
    ///
    /// # Errors
    ///
    /// Returns [`GuardError::Precondition`] if the state is another, and
    /// [`GuardError::Database`] if it could not be read. The transaction is rolled back in
    /// both cases.
    pub async fn begin(
        lease: &'a mut Lease,
        expected: Expected,
        target: Target,
    ) -> Result<Self, GuardError> {
        let (client, busy) = lease.start();
        let client: &mut Client = client;
        let start = client.build_transaction();
        let start = start.isolation_level(IsolationLevel::ReadCommitted);
        let mut guarded = Self {
            tx: start.start().await?,
            busy,
            held: None,
            target,
        };
        match guarded.check(expected).await {
            Ok(()) => Ok(guarded),
            Err(refused) => {
                // If the rollback fails, the drop of the lease closes the connection.
                let _ = guarded.rollback().await;
                Err(refused)
            }
        }
    }

    async fn check(&mut self, expected: Expected) -> Result<(), GuardError> {
        self.target.check()?;
        let current = if expected.is_conditional() {
            let (current, held) = self.target.lock_and_read(&self.tx).await?;
            self.held = held;
            current
        } else {
            self.target.set_lock_timeout(&self.tx).await?;
            Current::Unknown
        };
        Ok(expected.check(current)?)
    }

    /// Returns the state of the target after the writes so far, for the validators of the
    /// response. It is [`Current::Unknown`] for a key in another spelling.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::NotWatched`], [`ErrorKind::InvalidVersion`] or
    /// [`ErrorKind::Database`].
    pub async fn current(&self) -> Result<Current, Error> {
        match &self.target.query {
            Some(query) => self.target.run(&self.tx, query).await,
            None => self.read(&self.target.scope).await,
        }
    }

    /// Returns the state of any scope after the writes so far, such as that of a row
    /// that was created in the target.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`current`](Self::current).
    pub async fn read(&self, scope: &Scope) -> Result<Current, Error> {
        let statements = &self.target.statements;
        let current = read(&self.tx, statements, statements.read(), scope).await?;
        let held = self.held.as_ref();
        Ok(match held {
            Some(held) if held.is_state_of(scope, &current, statements) => Current::Absent,
            _ => current,
        })
    }

    /// Commits the transaction.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Database`]: nothing was written. The commit also fails if an earlier
    ///   statement failed, even if its error was ignored.
    /// - [`ErrorKind::TransactionEnded`]: SQL of the handler ended the transaction. Its writes
    ///   before or after that may be committed. Answer 500, and correct the handler.
    /// - [`ErrorKind::OutcomeUnknown`]: the connection broke during the commit.
    pub async fn commit(self) -> Result<(), Error> {
        // In a failed transaction PostgreSQL rolls back on COMMIT and reports success. Any
        // other statement in it is an error, so run one first.
        let is_open = match &self.held {
            Some(held) => held.release(&self.tx).await,
            None => is_open(&self.tx).await,
        };
        match is_open {
            Ok(true) => {}
            Ok(false) => return Err(self.abandon().await),
            Err(failed) => {
                let _ = self.rollback().await;
                return Err(failed.into());
            }
        }
        let committed = self.tx.commit().await.map_err(Error::from_commit);
        // With an unknown outcome the connection is broken, so the lease closes it.
        if !matches!(&committed, Err(error) if error.kind() == ErrorKind::OutcomeUnknown) {
            self.busy.clear();
        }
        committed
    }

    /// Rolls back what the handler has begun since the end of the transaction. The drop closes
    /// the connection, whose state nobody knows.
    async fn abandon(self) -> Error {
        let ended = self.tx.batch_execute("ROLLBACK").await;
        // The handler may have committed it, and then the row would look present.
        if let (Ok(()), Some(held)) = (ended, &self.held) {
            let _ = held.release(&self.tx).await;
        }
        Error::of(ErrorKind::TransactionEnded)
    }

    /// Rolls the transaction back, and waits until that is done.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Database`] if the connection broke, which rolls back too.
    pub async fn rollback(self) -> Result<(), Error> {
        self.tx.rollback().await?;
        self.busy.clear();
        Ok(())
    }
}

async fn is_open(tx: &Transaction<'_>) -> Result<bool, tokio_postgres::Error> {
    let row = tx.query_typed_one(Statements::is_open(), &[]).await?;
    row.try_get(0)
}

impl<'a> Deref for Guarded<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Transaction<'a> {
        &self.tx
    }
}

/// The mutable transaction, which savepoints need.
impl<'a> DerefMut for Guarded<'a> {
    fn deref_mut(&mut self) -> &mut Transaction<'a> {
        &mut self.tx
    }
}

impl fmt::Debug for Guarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}
