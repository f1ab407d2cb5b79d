use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::request::Parts;
use pin_project_lite::pin_project;
use tokio::{
    runtime::Handle,
    time::{Sleep, sleep},
};

use super::{SourceError, ValidatorSource, ask_at_hand};
use crate::semantics::condition::Current;

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
pub(crate) fn in_time<F>(limit: Option<Duration>, answer: F) -> InTime<F> {
    InTime {
        answer: within(limit, answer),
    }
}

/// The output of the future within the limit, `None` beyond it. The timer is set only
/// once the future has to wait, and only where tokio runs.
pub(crate) fn within<F>(limit: Option<Duration>, future: F) -> Within<F> {
    Within {
        future,
        limit,
        timer: None,
    }
}

// By hand: an `async fn` would hold the future twice, as its argument and as what it
// awaits, and these are part of the boxed futures of the layers.
pin_project! {
    /// Future of [`in_time`].
    pub(crate) struct InTime<F> {
        #[pin]
        answer: Within<F>,
    }
}

pin_project! {
    /// Future of [`within`].
    pub(crate) struct Within<F> {
        #[pin]
        future: F,
        // Taken when the timer is set.
        limit: Option<Duration>,
        // Boxed, since most need not wait.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<F, T> Future for InTime<F>
where
    F: Future<Output = Result<T, SourceError>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let answer = self.project().answer.poll(cx);
        answer.map(|answer| answer.unwrap_or_else(|| Err(SourceError::timed_out())))
    }
}

impl<F: Future> Future for Within<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        if let Some(limit) = this.limit.take()
            && Handle::try_current().is_ok()
        {
            // The time limit itself: it is polled beside the future, which ends it early.
            *this.timer = Some(Box::pin(sleep(limit)));
        }
        match this.timer {
            Some(timer) => timer.as_mut().poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    }
}
