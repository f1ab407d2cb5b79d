use std::{future::Future, ops::Deref, time::Duration};

use deadpool_postgres::{ClientWrapper, Object, Pool};

use crate::{Error, ErrorKind};

/// How long a source may take, the wait for a connection included.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// A connection that goes back to its pool only when it is [`done`](Self::done).
///
/// If it is dropped before, a question may still be on its way, behind which
/// the next one would wait: then it is closed.
pub(crate) struct Lease(Option<Object>);

impl Lease {
    pub(crate) async fn of(pool: &Pool) -> Result<Self, Error> {
        Ok(Self(Some(pool.get().await?)))
    }

    pub(crate) fn done(mut self) {
        drop(self.0.take());
    }
}

impl Deref for Lease {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        self.0.as_ref().expect("it is there until it is done")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(open) = self.0.take() {
            drop(Object::take(open));
        }
    }
}

pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answer = tokio::time::timeout(limit, answer).await;
    answer.unwrap_or_else(|_| Err(Error::of(ErrorKind::TimedOut)))
}
