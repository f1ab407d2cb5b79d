use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use http::request::Parts;

use super::{SourceError, ValidatorSource};
use crate::semantics::precondition::Current;

/// A source that has to hurry; see [`ValidatorSource::timeout`].
#[derive(Debug, Clone)]
pub struct Timeout<Q> {
    source: Q,
    limit: Duration,
}

impl<Q> Timeout<Q> {
    pub(super) fn new(source: Q, limit: Duration) -> Self {
        Self { source, limit }
    }
}

impl<Q: ValidatorSource> ValidatorSource for Timeout<Q> {
    type Error = SourceError;

    async fn current(&self, request: &Parts) -> Result<Current, SourceError> {
        within(Some(self.limit), self.source.current(request))
            .await
            .ok_or_else(SourceError::timed_out)?
            .map_err(SourceError::from_source)
    }
}

/// What the future gives within the limit. The timer is set only once the
/// future has to wait.
pub(crate) async fn within<F: Future>(limit: Option<Duration>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let at_once = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    match (at_once, limit) {
        (Poll::Ready(output), _) => Some(output),
        (Poll::Pending, Some(limit)) => tokio::time::timeout(limit, future).await.ok(),
        (Poll::Pending, None) => Some(future.await),
    }
}
