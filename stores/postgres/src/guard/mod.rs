//! Check and write in one transaction.

mod error;
mod target;

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use tokio_postgres::{Client, IsolationLevel, Transaction};
use tower_conditional::{handler::Expected, semantics::precondition::Current};

use crate::Error;

pub use error::GuardError;
pub use target::Target;

/// A transaction in which the state is what was expected, and stays so until
/// the commit.
///
/// ```no_run
/// # use deadpool_postgres::Pool;
/// use tower_conditional::handler::Expected;
/// use tower_conditional_postgres::{GuardError, Guarded, Scope, Target};
///
/// async fn rename(pool: &Pool, id: i64, text: &str, expected: Expected) -> Result<(), GuardError> {
///     # let mut client = pool.get().await.unwrap();
///     let target = Target::scope(Scope::row("notes", id));
///     let tx = Guarded::begin(&mut client, expected, target).await?; // Failed: 412
///     tx.execute("UPDATE notes SET text = $1 WHERE id = $2", &[&text, &id]).await?;
///     tx.commit().await?;
///     Ok(())
/// }
/// ```
///
/// It is `READ COMMITTED`. Dropping it rolls back.
///
/// # What it guarantees
///
/// Of any number of writers that expect the same state, across all replicas of
/// the application, one succeeds; and where `If-None-Match: *` expects nothing
/// to be there, one creates. A writer that is not guarded, as of a job or
/// `psql`, cannot come between either: it waits until the commit, or the
/// guarded one does. If both write to the same row half way they are at a
/// deadlock, and PostgreSQL ends one of them; and an unguarded one may be the
/// faster to create a row, which its key then refuses. Both are errors of a
/// statement here that [`Error::is_conflict`] knows.
///
/// `lock_timeout` and `statement_timeout` say how long the wait may be.
///
/// # What it needs from its neighbours
///
/// A task of its own in a server: where a client leaves, the future of its
/// handler is dropped. The transaction is rolled back, but a statement that
/// waits goes on waiting, on a connection that its pool already gives to the
/// next request. `tokio::spawn` around the write keeps it to its end.
#[must_use = "it rolls back when it is dropped"]
pub struct Guarded<'a>(Transaction<'a>);

impl<'a> Guarded<'a> {
    /// Begins a transaction, waits for others that guard the same target, reads
    /// its state under a lock, and compares. Without a condition nothing is
    /// read, and nobody waited for.
    ///
    /// # Errors
    ///
    /// [`GuardError::Failed`] where the state is another, and
    /// [`GuardError::Database`] where it could not be read. The transaction is
    /// rolled back then.
    pub async fn begin(
        client: &'a mut Client,
        expected: Expected,
        target: Target,
    ) -> Result<Self, GuardError> {
        let start = client.build_transaction();
        let tx = start
            .isolation_level(IsolationLevel::ReadCommitted)
            .start()
            .await?;
        let current = if expected.is_conditional() {
            target.lock_and_read(&tx).await?
        } else {
            Current::Unknown
        };
        expected.check(current)?;
        Ok(Self(tx))
    }

    /// Commits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Database`](crate::ErrorKind::Database) where nothing was
    /// written. That is so too after a statement that failed, even if its error
    /// was passed over: PostgreSQL rolls back then, and calls it no error.
    /// [`ErrorKind::OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) where
    /// the connection broke meanwhile.
    pub async fn commit(self) -> Result<(), Error> {
        // Refused where the transaction has failed.
        self.0.batch_execute("SELECT").await?;
        self.0.commit().await.map_err(Error::of_commit)
    }

    /// Rolls back, and waits for it.
    ///
    /// # Errors
    ///
    /// The connection broke; that rolls back too.
    pub async fn rollback(self) -> Result<(), Error> {
        Ok(self.0.rollback().await?)
    }
}

impl<'a> Deref for Guarded<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Transaction<'a> {
        &self.0
    }
}

/// For savepoints.
impl<'a> DerefMut for Guarded<'a> {
    fn deref_mut(&mut self) -> &mut Transaction<'a> {
        &mut self.0
    }
}

impl fmt::Debug for Guarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}
