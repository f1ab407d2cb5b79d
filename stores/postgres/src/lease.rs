use std::{fmt, future::Future, time::Duration};

use deadpool_postgres::{ClientWrapper, Object, Pool};

use crate::{Error, ErrorKind};

/// How long a source may take, the wait for a connection included.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// A connection of a pool, for a [`Guarded`](crate::Guarded) transaction.
///
/// It goes back to its pool once the transaction is committed or rolled back.
/// If it is dropped before, as hyper drops a handler whose client has left, a
/// statement may still wait, and whatever is sent next would wait behind it:
/// then the connection is closed, and the pool makes another one.
pub struct Lease {
    connection: Option<Object>,
    busy: bool,
}

impl Lease {
    /// Takes a connection from the pool. The pool's own timeouts say how long
    /// that may take; without them there is no limit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pool`].
    pub async fn of(pool: &Pool) -> Result<Self, Error> {
        Ok(Self {
            connection: Some(pool.get().await?),
            busy: false,
        })
    }

    /// The connection, which nobody else gets until the use of it has ended.
    pub(crate) fn start(&mut self) -> (&mut ClientWrapper, Use<'_>) {
        self.busy = true;
        let connection = self.connection.as_mut();
        let connection = connection.expect("it is there until it is dropped");
        (connection, Use(&mut self.busy))
    }
}

/// A use of a connection, which ends when no statement is under way any more.
pub(crate) struct Use<'a>(&'a mut bool);

impl Use<'_> {
    pub(crate) fn end(self) {
        *self.0 = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.busy {
            drop(self.connection.take().map(Object::take));
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

pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answer = tokio::time::timeout(limit, answer).await;
    answer.unwrap_or_else(|_| {
        let reason = format!("no answer within {limit:?}");
        Err(Error::because(ErrorKind::TimedOut, reason))
    })
}
