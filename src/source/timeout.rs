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

use super::{SourceError, ValidatorSource, try_current};
use crate::{semantics::condition::Current, setting::above_zero};

/// The default timeout of a source, and of the `GET` of a [`SelfGet`](super::SelfGet).
pub(crate) const DEFAULT_TIMEOUT: Option<Duration> = Some(Duration::from_secs(10));

/// Returns the timeout of a source.
///
/// # Panics
///
/// Panics if it is zero.
#[track_caller]
pub(crate) fn above_zero_timeout(timeout: Duration) -> Duration {
    let remedy = "each source that waits would fail; use some seconds";
    above_zero("timeout of a source", timeout, remedy)
}

/// A source with its own timeout; see [`ValidatorSource::timeout`].
#[derive(Debug, Clone)]
pub struct Timeout<Q> {
    source: Q,
    timeout: Duration,
}

impl<Q> Timeout<Q> {
    pub(super) fn new(source: Q, timeout: Duration) -> Self {
        Self { source, timeout }
    }
}

impl<Q: ValidatorSource> ValidatorSource for Timeout<Q> {
    type Error = SourceError;

    async fn current(&self, request: &Parts) -> Result<Current, SourceError> {
        let answer = self.source.current(request);
        let answer = async { answer.await.map_err(SourceError::from_source) };
        timeout_answer(Some(self.timeout), answer).await
    }

    fn try_current(&self, request: &Parts) -> Option<Result<Current, SourceError>> {
        try_current(&self.source, request)
    }

    fn answer_timeout(&self) -> Option<Duration> {
        // The layer's default would end a longer timeout early.
        None
    }
}

/// Awaits the answer of a source. If it takes longer than the timeout, the source has failed.
pub(crate) fn timeout_answer<F>(timeout: Option<Duration>, answer: F) -> AnswerTimeout<F> {
    AnswerTimeout {
        answer: lazy_timeout(timeout, answer),
    }
}

/// Awaits the future. Returns the timeout as the error if the future takes longer.
///
/// The timer is created when the future first has to wait, and only within a tokio runtime.
pub(crate) fn lazy_timeout<F>(timeout: Option<Duration>, future: F) -> LazyTimeout<F> {
    LazyTimeout {
        future,
        timeout,
        timer: None,
    }
}

// Written by hand: an `async fn` would hold the future twice, as its argument and as the
// awaited value. These futures are part of the layers' boxed futures.
pin_project! {
    /// Future of [`timeout_answer`].
    pub(crate) struct AnswerTimeout<F> {
        #[pin]
        answer: LazyTimeout<F>,
    }
}

pin_project! {
    /// Future of [`lazy_timeout`].
    pub(crate) struct LazyTimeout<F> {
        #[pin]
        future: F,
        timeout: Option<Duration>,
        // Boxed, since most futures need no timer.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<F, T> Future for AnswerTimeout<F>
where
    F: Future<Output = Result<T, SourceError>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let answer = self.project().answer.poll(cx);
        answer.map(|answer| answer.unwrap_or_else(|timeout| Err(SourceError::timed_out(timeout))))
    }
}

impl<F: Future> Future for LazyTimeout<F> {
    type Output = Result<F::Output, Duration>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let Some(timeout) = *this.timeout else {
            return Poll::Pending;
        };
        if this.timer.is_none() && Handle::try_current().is_ok() {
            // The sleep is the time limit itself. It is polled together with the future, which ends
            // the wait when it is ready.
            *this.timer = Some(Box::pin(sleep(timeout)));
        }
        match this.timer {
            Some(timer) => timer.as_mut().poll(cx).map(|()| Err(timeout)),
            None => Poll::Pending,
        }
    }
}
