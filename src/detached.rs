//! Work that continues after the client has disconnected.
//!
//! If the client disconnects, a server drops the future of the request at its current await.
//! Run a write that must not be interrupted with [`Detached::finish`]. The write is polled in
//! place while the returned future is awaited. If that future is dropped, the write continues
//! in a separate task.
//!
//! # Example
//!
//! ```
//! # async fn run() {
//! use std::time::Duration;
//! use tower_conditional::detached::Detached;
//!
//! let writes = Detached::new();
//! // In a handler: both steps run, even if the client disconnects.
//! writes
//!     .finish(async {
//!         // write, then announce
//!     })
//!     .await;
//!
//! // At the end of `main`, after the server has shut down: wait for unfinished work.
//! let _ = tokio::time::timeout(Duration::from_secs(30), writes.idle()).await;
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run());
//! ```
//!
//! A [lock](crate::PreconditionLayer::lock) detaches its writes by itself. Pass the handle to
//! [`PreconditionLayer::detached`](crate::PreconditionLayer::detached), so that one handle
//! waits for all of them.
//!
//! A [`CacheTagsLayer`](crate::CacheTagsLayer) outside of the write purges when the client
//! disconnects, and again when detached work has ended.
//!
//! # Limits
//!
//! While the client is connected, the future is polled by the task of its request. It sees the
//! task-locals that layers outside have set. Once it is detached, it no longer sees them.
//!
//! A service may call [`Detached::finish`] before it returns its own future. Behind a `tower::buffer`,
//! its client may leave before that is polled. A `CacheTagsLayer` outside then purges only once. So it
//! does if a service between them runs the request in a task of its own, with `tokio::spawn`.
//!
//! Detached work needs a tokio runtime. If the runtime has shut down, the work is dropped.

#[cfg(test)]
mod tests;
mod watch;

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

use http::Response;
use tokio::{runtime::Handle, sync::Notify};

pub(crate) use watch::{ResponseHead, SharedWatch, WriteWatch, current_watch, watched};
use watch::{head_of_result, scope};

use crate::observe::exchange::{self, scoped};

/// A handle that runs futures to their end and counts the unfinished ones.
///
/// Clones share the count.
#[derive(Clone, Default)]
pub struct Detached(Arc<LiveCount>);

/// The number of unfinished futures, and the waiters for zero.
#[derive(Default)]
struct LiveCount {
    live: AtomicUsize,
    idle: Notify,
}

/// One unfinished future in the count. Dropping it decrements the count.
struct LiveGuard(Arc<LiveCount>);

impl Detached {
    /// Creates a handle without any work.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs the future to its end, even if the returned future is dropped.
    ///
    /// While the returned future is awaited, it polls `future` in place. If it is dropped early,
    /// even before its first poll, `future` continues in a task. The task runs on the runtime
    /// in which this function was called. Its output is lost.
    ///
    /// # Panics
    ///
    /// Panics if the future panics while it is awaited.
    pub fn finish<F>(&self, future: F) -> impl Future<Output = F::Output> + Send + use<F>
    where
        F: Future + Send + 'static,
    {
        self.start(future, Some(|_| None))
    }

    /// Runs a write to its end, as [`finish`](Self::finish) does. If it goes on without its
    /// client, who watches it sees its response.
    pub(crate) fn finish_write<F, B, E>(
        &self,
        write: F,
    ) -> impl Future<Output = F::Output> + Send + use<F, B, E>
    where
        F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    {
        self.start(write, Some(head_of_result))
    }

    /// Runs a step that writes nothing for the client, so that nobody watches it.
    pub(crate) fn finish_step<F>(&self, step: F) -> impl Future<Output = F::Output> + Send + use<F>
    where
        F: Future + Send + 'static,
    {
        self.start(step, None)
    }

    fn start<F>(&self, future: F, head: Option<HeadFn<F::Output>>) -> FinishFuture<F>
    where
        F: Future + Send + 'static,
    {
        self.0.live.fetch_add(1, Ordering::Relaxed);
        let tracked = TrackedWork {
            watch: head.and_then(|_| current_watch()),
            _live: LiveGuard(Arc::clone(&self.0)),
        };
        FinishFuture {
            work: Some((Box::pin(future), tracked)),
            runtime: Handle::try_current().ok(),
            head,
        }
    }

    /// Returns the number of unfinished futures, including those that are awaited.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.live.load(Ordering::Acquire)
    }

    /// Returns `true` if no future is unfinished.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until no future is unfinished. Futures that begin in the meantime count, too, so
    /// shut down the server first.
    #[doc(alias = "graceful shutdown")]
    pub async fn idle(&self) {
        loop {
            // Created before the check, so that no notification is missed in between.
            let idle = self.0.idle.notified();
            if self.is_empty() {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for LiveGuard {
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

/// The watch and the count of unfinished work. The watch is told of the end before the count
/// drops.
struct TrackedWork {
    watch: Option<SharedWatch>,
    // Dropped last.
    _live: LiveGuard,
}

/// Returns what a watch sees of an output.
type HeadFn<T> = for<'a> fn(&'a T) -> Option<ResponseHead<'a>>;

/// Work in a task of its own. Dropping it without a result tells the watch of an unknown end.
struct OngoingWork(TrackedWork);

impl OngoingWork {
    async fn run<F: Future>(mut self, work: Pin<Box<F>>, head: Option<HeadFn<F::Output>>) {
        let (Some(watch), Some(head)) = (self.0.watch.clone(), head) else {
            work.await;
            return;
        };
        let output = scope(watch, work).await;
        self.end(head(&output));
    }

    fn end(&mut self, head: Option<ResponseHead<'_>>) {
        if let Some(watch) = self.0.watch.take() {
            watch.work_ended(head);
        }
    }
}

impl Drop for OngoingWork {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// Future of [`Detached::finish`].
struct FinishFuture<F: Future + Send + 'static> {
    work: Option<(Pin<Box<F>>, TrackedWork)>,
    runtime: Option<Handle>,
    /// `None` if nobody watches the work.
    head: Option<HeadFn<F::Output>>,
}

impl<F: Future + Send + 'static> Future for FinishFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Taken during the poll: after a panic, `drop` must not continue the work.
        let (mut work, mut tracked) = self.work.take().expect("polled after it was ready");
        // Behind a buffer, this future was made in another task.
        if tracked.watch.is_none() && self.head.is_some() {
            tracked.watch = current_watch();
        }
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.work = Some((work, tracked));
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for FinishFuture<F> {
    fn drop(&mut self) {
        if let (Some((work, tracked)), Some(runtime)) = (self.work.take(), &self.runtime) {
            let scope = exchange::current_scope(self.head.is_some());
            runtime.spawn(scoped(scope, OngoingWork(tracked).run(work, self.head)));
        }
    }
}
