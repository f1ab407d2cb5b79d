use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::oneshot;

/// A future that resolves when a purge is done or given up.
///
/// Dropping the ticket does not cancel the purge.
#[derive(Debug)]
pub struct PurgeTicket {
    state: TicketState,
}

#[derive(Debug)]
enum TicketState {
    Queued(oneshot::Receiver<Result<(), PurgeError>>),
    Refused(PurgeError),
}

impl PurgeTicket {
    pub(super) fn queued(done: oneshot::Receiver<Result<(), PurgeError>>) -> Self {
        Self {
            state: TicketState::Queued(done),
        }
    }

    pub(super) fn refused(why: PurgeError) -> Self {
        Self {
            state: TicketState::Refused(why),
        }
    }
}

impl Future for PurgeTicket {
    type Output = Result<(), PurgeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            TicketState::Queued(done) => Pin::new(done)
                .poll(cx)
                .map(|done| done.unwrap_or(Err(PurgeError::Ended))),
            TicketState::Refused(why) => Poll::Ready(Err(*why)),
        }
    }
}

/// An error returned by [`PurgeTicket`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PurgeError {
    /// The queue was full.
    Full,
    /// All attempts failed.
    Failed,
    /// The cache refused the purge, so another attempt would fail too.
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
