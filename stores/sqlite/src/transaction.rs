use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{Error, ErrorKind};

/// A write transaction for a job of the application, which cannot write outside of it.
///
/// SQLite rolls back a whole transaction for some errors. Examples are a full disk,
/// `ON CONFLICT ROLLBACK` and `RAISE(ROLLBACK, ..)`. If the job ignores such an error, its
/// later statements would commit one by one. The job may also run `COMMIT` or `ROLLBACK`
/// itself. So a hook refuses each commit but that of [`commit`](Self::commit).
pub(crate) struct JobTransaction<'c> {
    transaction: Transaction<'c>,
    hooks: Hooks<'c>,
}

impl<'c> JobTransaction<'c> {
    pub(crate) fn begin(connection: &'c mut Connection) -> rusqlite::Result<Self> {
        let connection = &*connection;
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(connection, behavior)?;
        let hooks = Hooks::set(connection)?;
        Ok(Self { transaction, hooks })
    }

    /// Returns [`ErrorKind::RolledBack`] if the transaction has ended.
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        // The job may have begun another transaction since.
        if self.hooks.state.ended.load(Ordering::Relaxed) || self.transaction.is_autocommit() {
            return Err(Error::new(ErrorKind::RolledBack));
        }
        Ok(())
    }

    /// Commits, unless the transaction has ended.
    pub(crate) fn commit(self) -> Result<(), Error> {
        self.check_open()?;
        let Self { transaction, hooks } = self;
        hooks.state.may_commit.store(true, Ordering::Relaxed);
        transaction.commit().map_err(Error::from_commit)
    }
}

impl<'c> Deref for JobTransaction<'c> {
    type Target = Transaction<'c>;

    fn deref(&self) -> &Transaction<'c> {
        &self.transaction
    }
}

/// The hooks of a transaction. The drop removes them.
struct Hooks<'c> {
    connection: &'c Connection,
    state: Arc<HookState>,
}

#[derive(Default)]
struct HookState {
    may_commit: AtomicBool,
    ended: AtomicBool,
}

impl<'c> Hooks<'c> {
    fn set(connection: &'c Connection) -> rusqlite::Result<Self> {
        let state = Arc::new(HookState::default());
        let hooks = Self { connection, state };
        let state = Arc::clone(&hooks.state);
        // A refused commit becomes a rollback.
        connection.commit_hook(Some(move || !state.may_commit.load(Ordering::Relaxed)))?;
        let state = Arc::clone(&hooks.state);
        connection.rollback_hook(Some(move || state.ended.store(true, Ordering::Relaxed)))?;
        Ok(hooks)
    }
}

impl Drop for Hooks<'_> {
    fn drop(&mut self) {
        // Only a connection of another owner refuses hooks.
        let _ = self.connection.commit_hook(None::<fn() -> bool>);
        let _ = self.connection.rollback_hook(None::<fn()>);
    }
}
