use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::oneshot;

/// Resolves when a purge is done, or given up.
///
/// Dropping it does not call the purge back.
#[derive(Debug)]
pub struct PurgeTicket {
    state: State,
}

#[derive(Debug)]
enum State {
    Queued(oneshot::Receiver<Result<(), PurgeError>>),
    Refused(PurgeError),
}

impl PurgeTicket {
    pub(super) fn queued(done: oneshot::Receiver<Result<(), PurgeError>>) -> Self {
        Self {
            state: State::Queued(done),
        }
    }

    pub(super) fn refused(why: PurgeError) -> Self {
        Self {
            state: State::Refused(why),
        }
    }
}

impl Future for PurgeTicket {
    type Output = Result<(), PurgeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Queued(done) => Pin::new(done)
                .poll(cx)
                .map(|done| done.unwrap_or(Err(PurgeError::Ended))),
            State::Refused(why) => Poll::Ready(Err(*why)),
        }
    }
}

/// An error returned by [`PurgeTicket`]: why a purge was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PurgeError {
    /// Too many purges were waiting already.
    Full,
    /// Every attempt failed.
    Failed,
    /// The cache refused it, so that another attempt would fail too.
    Refused,
    /// The runtime of the queue has ended.
    Ended,
}

impl fmt::Display for PurgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "too many purges are waiting",
            Self::Failed => "every attempt to purge failed",
            Self::Refused => "the cache refused to purge",
            Self::Ended => "the runtime of the purge queue has ended",
        })
    }
}

impl Error for PurgeError {}
