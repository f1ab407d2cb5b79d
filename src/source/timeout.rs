use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use http::request::Parts;
use tokio::runtime::Handle;

use super::{SourceError, ValidatorSource, ask_at_hand};
use crate::semantics::precondition::Current;

/// How long a source may take, or a service that is asked in place of one.
pub(crate) const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

/// A source with a limit of its own; see [`ValidatorSource::timeout`].
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
        let asked = self.source.current(request);
        let asked = async { asked.await.map_err(SourceError::from_source) };
        in_time(Some(self.limit), asked).await
    }

    fn at_hand(&self, request: &Parts) -> Option<Result<Current, SourceError>> {
        ask_at_hand(&self.source, request)
    }

    fn limit(&self) -> Option<Duration> {
        None
    }
}

/// The answer of a source within the limit.
pub(crate) async fn in_time<T>(
    limit: Option<Duration>,
    answer: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, SourceError> {
    let answer = within(limit, answer).await;
    answer.unwrap_or_else(|| Err(SourceError::timed_out()))
}

/// The output of the future within the limit. The timer is set only once the future
/// has to wait, and only where tokio runs.
pub(crate) async fn within<F: Future>(limit: Option<Duration>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let at_once = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    if let Poll::Ready(output) = at_once {
        return Some(output);
    }
    match limit.filter(|_| Handle::try_current().is_ok()) {
        // Boxed, so that those who need not wait have a small future.
        Some(limit) => Box::pin(tokio::time::timeout(limit, future)).await.ok(),
        None => Some(future.await),
    }
}
