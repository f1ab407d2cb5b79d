mod error;
mod target;
#[cfg(test)]
mod tests;

use std::{fmt, ops::Deref};

use rusqlite::Transaction;
use tower_conditional::{Current, handler::Expected};

use crate::{Database, Error, ErrorKind, Scope, transaction::JobTransaction, versions::read};

pub use error::GuardError;
pub use target::Target;

impl Database {
    /// Runs `write` in a transaction if the target is what the request expects.
    ///
    /// The transaction reads the version of the target, compares it with the conditions of
    /// the request, runs `write`, and commits.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{Request, header};
    /// use tower_conditional::handler::Expected;
    /// use tower_conditional_sqlite::{
    ///     Database, GuardError, Install, Schema, Scope, Target, Watch,
    /// };
    ///
    /// # let database = Database::in_memory()?;
    /// # database.run(|connection| connection.execute_batch(
    /// #     "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")).await?;
    /// # Schema::new().watch(Watch::table("notes").each_row("id"))?.install(&database).await?;
    /// let put = || Request::put("/notes/17").header(header::IF_NONE_MATCH, "*").body(());
    ///
    /// let created = database
    ///     .guarded(
    ///         Expected::of(&put()?),
    ///         Target::scope(Scope::row("notes", 17)),
    ///         |tx| {
    ///             tx.execute("INSERT INTO notes VALUES (17, 'hello')", ())?;
    ///             tx.current() // the validators for the answer
    ///         },
    ///     )
    ///     .await?;
    /// assert!(created.validators().is_some());
    ///
    /// let again = database.guarded(
    ///     Expected::of(&put()?),
    ///     Target::scope(Scope::row("notes", 17)),
    ///     |tx| tx.execute("UPDATE notes SET text = 'lost' WHERE id = 17", ()),
    /// );
    /// assert!(matches!(again.await, Err(GuardError::Precondition(_)))); // 412
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
    /// ```
    ///
    /// The transaction begins with `BEGIN IMMEDIATE`, so no other connection or process
    /// writes between the read and the commit, even if the row is absent. Of any number of
    /// writers that expect the same state, one wins.
    ///
    /// A request without conditions is performed, and no version is read for it.
    ///
    /// The job runs to its end, even if its caller is dropped. `write` runs on the thread
    /// of the database. An error from it rolls back.
    ///
    /// Return the errors of statements from `write`. For some of them SQLite rolls back the
    /// whole transaction, such as for `ON CONFLICT ROLLBACK` or a full disk. If `write` goes
    /// on, its later writes are refused. `COMMIT` and `ROLLBACK` in `write` have the same
    /// effect.
    ///
    /// # Errors
    ///
    /// - [`GuardError::Precondition`] if the state is another. Nothing was written.
    /// - [`GuardError::Database`] with the errors of [`run`](Self::run) and of `write`, or
    ///   with [`NotWatched`](crate::ErrorKind::NotWatched),
    ///   [`OtherSpelling`](crate::ErrorKind::OtherSpelling),
    ///   [`RolledBack`](crate::ErrorKind::RolledBack) or
    ///   [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown).
    pub async fn guarded<T, F>(
        &self,
        expected: Expected,
        target: Target,
        write: F,
    ) -> Result<T, GuardError>
    where
        T: Send + 'static,
        F: FnOnce(&Guarded<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let outcome = self.submit(move |connection| -> Result<_, Error> {
            let transaction = JobTransaction::begin(connection)?;
            let mut current = Current::Unknown;
            if expected.is_conditional() {
                current = target.read(&transaction)?;
                // The row may exist with another spelling of its key.
                if matches!(current, Current::Unknown) {
                    return Err(Error::for_scope(ErrorKind::OtherSpelling, &target.scope));
                }
            }
            // The drop of the transaction rolls back.
            if let Err(failed) = expected.check(current) {
                return Ok(Err(failed));
            }
            let guarded = Guarded {
                transaction,
                target,
            };
            let written = write(&guarded).map_err(Error::from_job)?;
            guarded.transaction.commit()?;
            Ok(Ok(written))
        });
        outcome.await?.map_err(GuardError::Precondition)
    }
}

/// The transaction of [`Database::guarded`]. It dereferences to the driver's
/// [`Transaction`].
pub struct Guarded<'c> {
    transaction: JobTransaction<'c>,
    target: Target,
}

impl Guarded<'_> {
    /// Returns the state of the target after the writes so far, for the validators of the
    /// response. It is [`Current::Unknown`] for a key in another spelling.
    ///
    /// # Errors
    ///
    /// Returns the errors of the driver. If the scope is not watched, [`Database::guarded`]
    /// returns [`ErrorKind::NotWatched`].
    pub fn current(&self) -> rusqlite::Result<Current> {
        self.target.read(&self.transaction)
    }

    /// Returns the state of any scope after the writes so far, such as that of a row
    /// that was created in the target.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`current`](Self::current).
    pub fn read(&self, scope: &Scope) -> rusqlite::Result<Current> {
        read(&self.transaction, &self.target.statements, scope)
    }
}

impl<'c> Deref for Guarded<'c> {
    type Target = Transaction<'c>;

    fn deref(&self) -> &Transaction<'c> {
        &self.transaction
    }
}

impl fmt::Debug for Guarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
