use std::{fmt, time::Duration};

use deadpool_postgres::{ClientWrapper, Object, Pool};
use tokio::time::{self, Instant};

use crate::{Error, ErrorKind, abandoned};

/// The default timeout of a source, including the wait for a connection.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the timeout of a source or store.
///
/// # Panics
///
/// Panics if it is zero.
#[track_caller]
pub(crate) fn above_zero(timeout: Duration) -> Duration {
    assert!(
        !timeout.is_zero(),
        "invalid timeout {timeout:?}: no answer comes in time; use some seconds"
    );
    timeout
}

/// A connection of a pool for a [`Guarded`](crate::Guarded) transaction.
///
/// The connection returns to its pool when the transaction is committed or rolled back.
///
/// If the client disconnects, hyper drops the handler, and the lease may be dropped before
/// that. Then the connection does not return, and the pool opens another one. A statement may
/// still wait on the old connection, and the next request must not wait for it.
///
/// # Sessions of the server
///
/// The old connection is closed once its statement has ended. It has left the pool, unless as many
/// connections have left as the pool has places. Then it keeps its place until it is closed. So a
/// pool of 16 has at most 32 sessions, also while a migration locks a table for an hour.
///
/// If all 32 wait, the pool has no connection for queries of other tables either. They fail with
/// [`ErrorKind::Pool`], or wait if the pool has no timeouts. So limit the waits, for example with
/// `ALTER ROLE app SET lock_timeout = '5s'`. The role of migrations may keep its own.
///
/// If a server disappears without a notice, the driver finds that out after many minutes, and the
/// pool is empty for as long. Set `tcp_user_timeout` in its [`Config`](tokio_postgres::Config)
/// for less.
pub struct Lease {
    connection: Option<Object>,
    busy: bool,
}

impl Lease {
    /// Takes a connection from the pool. Only the timeouts of the pool limit the wait: a
    /// pool without timeouts waits forever.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Pool`] if the pool returns no connection.
    pub async fn acquire(pool: &Pool) -> Result<Self, Error> {
        Ok(Self {
            connection: Some(pool.get().await?),
            busy: false,
        })
    }

    /// Returns the connection and marks it as busy. If the lease is dropped before
    /// [`BusyMark::clear`], the connection is closed once its statements have ended.
    pub(crate) fn start(&mut self) -> (&mut ClientWrapper, BusyMark<'_>) {
        self.busy = true;
        let connection = self.connection.as_mut();
        let connection = connection.expect("a connection until the drop");
        (connection, BusyMark(&mut self.busy))
    }
}

/// The mark that statements may still run on a connection.
pub(crate) struct BusyMark<'a>(&'a mut bool);

impl BusyMark<'_> {
    /// Lets the connection return to its pool.
    pub(crate) fn clear(self) {
        *self.0 = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.busy
            && let Some(connection) = self.connection.take()
        {
            abandoned::close(connection);
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("busy", &self.busy)
            .finish_non_exhaustive()
    }
}

/// Runs `query` on a connection of the pool, within a timeout that includes the wait for
/// the connection.
///
/// [`ErrorKind::Pool`] means that nothing was sent, also after a timeout.
pub(crate) async fn within<T>(
    timeout: Duration,
    pool: &Pool,
    query: impl AsyncFnOnce(&ClientWrapper) -> Result<T, Error>,
) -> Result<T, Error> {
    let asked_at = Instant::now();
    let acquired = time::timeout(timeout, Lease::acquire(pool)).await;
    let mut lease = acquired.unwrap_or_else(|_| {
        let reason = format!("no connection within {timeout:?}");
        Err(Error::with_reason(ErrorKind::Pool, reason))
    })?;
    let (client, busy) = lease.start();
    let left = timeout.saturating_sub(asked_at.elapsed());
    let Ok(answer) = time::timeout(left, query(client)).await else {
        // The connection is busy, so the drop of the lease gives it up.
        let reason = format!("no answer within {timeout:?}");
        return Err(Error::with_reason(ErrorKind::TimedOut, reason));
    };
    busy.clear();
    answer
}
