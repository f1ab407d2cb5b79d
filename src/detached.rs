//! Work that goes on when its client has left.
//!
//! A server drops the future of a request whose client goes away, wherever it is.
//! A write that must not be cut in two there runs through [`Detached::finish`]: it
//! is polled in its place as long as somebody waits for it, and in a task of its own
//! from then on.
//!
//! ```
//! # async fn run() {
//! use std::time::Duration;
//! use tower_conditional::detached::Detached;
//!
//! let writes = Detached::new();
//! // In a handler: both steps, whatever the client does.
//! writes
//!     .finish(async {
//!         // write, then announce
//!     })
//!     .await;
//!
//! // At the end of `main`, after the server has shut down: those that are left.
//! let _ = tokio::time::timeout(Duration::from_secs(30), writes.idle()).await;
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run());
//! ```
//!
//! A [lock](crate::PreconditionLayer::lock) does this by itself; give it the handle
//! with [`PreconditionLayer::detached`](crate::PreconditionLayer::detached), so that
//! one handle awaits them all.
//!
//! # Limits
//!
//! As long as the client is there, the future is polled by its request's task and
//! sees the task-locals of the layers outside. They are gone once it is detached.
//! It needs a runtime of tokio's to go on in: where there is none any more, the work
//! is dropped.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{runtime::Handle, sync::Notify};

/// Runs futures to their end, and counts those that have not got there.
///
/// Clones share the count.
#[derive(Clone, Default)]
pub struct Detached(Arc<Count>);

#[derive(Default)]
struct Count {
    live: AtomicUsize,
    idle: Notify,
}

/// One future that has not ended.
struct Counted(Arc<Count>);

impl Detached {
    /// Creates a handle with no work.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Polls the future where it is awaited. If the returned future is dropped
    /// before its end, even before its first poll, the rest is done in a task of the
    /// runtime in which this was called, and nobody sees the output.
    ///
    /// # Panics
    ///
    /// If the future panics while it is awaited.
    pub fn finish<F>(&self, future: F) -> impl Future<Output = F::Output> + Send + use<F>
    where
        F: Future + Send + 'static,
    {
        self.0.live.fetch_add(1, Ordering::Relaxed);
        Finish {
            work: Some((Box::pin(future), Counted(Arc::clone(&self.0)))),
            runtime: Handle::try_current().ok(),
        }
    }

    /// Returns the number of futures that have not ended, awaited ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.live.load(Ordering::Acquire)
    }

    /// Returns `true` if all have ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until all have ended. Those that begin meanwhile count too, so shut the
    /// server down first.
    pub async fn idle(&self) {
        loop {
            // Made before the look, so that no end is missed in between.
            let idle = self.0.idle.notified();
            if self.is_empty() {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.live.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached")
            .field("len", &self.len())
            .finish()
    }
}

/// Future of [`Detached::finish`].
struct Finish<F: Future + Send + 'static> {
    work: Option<(Pin<Box<F>>, Counted)>,
    runtime: Option<Handle>,
}

impl<F: Future + Send + 'static> Future for Finish<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Taken while it is polled: after a panic there is nothing to go on with.
        let (mut work, counted) = self.work.take().expect("polled after it was ready");
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.work = Some((work, counted));
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for Finish<F> {
    fn drop(&mut self) {
        if let (Some((work, counted)), Some(runtime)) = (self.work.take(), &self.runtime) {
            runtime.spawn(async move {
                work.await;
                drop(counted);
            });
        }
    }
}
