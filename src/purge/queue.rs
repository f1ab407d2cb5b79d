use std::{fmt, sync::Arc};

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

use super::{
    Purge, PurgeError, PurgeLimits, PurgeTicket, Purger,
    job::{PurgeCounts, PurgeJob},
    worker::PurgeWorker,
};
use crate::{events, observe::exchange::Observer};

/// A bounded queue of purges with retries.
///
/// Clones share one queue and its task. When the last clone is dropped, the task finishes the
/// purges that are queued, and ends.
///
/// See the [module docs](crate::purge) for an example.
#[derive(Clone)]
pub struct PurgeQueue {
    jobs: mpsc::Sender<PurgeJob>,
    counts: Arc<PurgeCounts>,
}

impl PurgeQueue {
    /// Creates a queue with the default limits.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime, since the task of the queue could not run.
    pub fn new(purger: impl Purger) -> Self {
        Self::with_limits(purger, PurgeLimits::new())
    }

    /// Creates a queue with these limits.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime, since the task of the queue could not run.
    pub fn with_limits(purger: impl Purger, limits: PurgeLimits) -> Self {
        let (jobs, queued) = mpsc::channel(limits.max_queued);
        let counts = Arc::default();
        tokio::spawn(PurgeWorker::new(purger, limits, queued, Arc::clone(&counts)).run());
        Self { jobs, counts }
    }

    /// Reports the end of each purge to an observer, for all clones of the queue. Second rounds are
    /// purges of their own. Defaults to no observer.
    ///
    /// ```
    /// # async fn run() {
    /// use tower_conditional::{
    ///     observe::{Event, Exchange, Observer, PurgeResult},
    ///     purge::{HttpPurger, PurgeQueue},
    /// };
    ///
    /// struct Operator;
    ///
    /// impl Observer for Operator {
    ///     fn exchange(&self, _: &Exchange<'_>) {}
    ///
    ///     fn event(&self, event: &Event<'_>) {
    ///         if let Event::Purge(purge) = event
    ///             && purge.result != PurgeResult::Done
    ///         {
    ///             // tell somebody who purges `purge.targets` by hand
    ///         }
    ///     }
    /// }
    /// # fn queue(purger: impl tower_conditional::purge::Purger) {
    ///
    /// let queue = PurgeQueue::new(purger).observe(Operator);
    /// # let _ = queue;
    /// # }
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the queue has an observer. Combine two as a tuple.
    #[must_use]
    #[track_caller]
    pub fn observe(self, observer: impl Observer) -> Self {
        let is_first = self.counts.set_observer(Arc::new(observer));
        assert!(
            is_first,
            "the purge queue has an observer: combine two as a tuple"
        );
        self
    }

    /// Adds a purge without waiting. If the queue is full, this purge is dropped, and those that
    /// wait stay.
    #[expect(clippy::must_use_candidate, reason = "most callers do not wait")]
    pub fn enqueue(&self, purge: Purge) -> PurgeTicket {
        let (done, ticket) = oneshot::channel();
        let (why, PurgeJob { purge, .. }) = match self.jobs.try_send(PurgeJob { purge, done }) {
            Ok(()) => return PurgeTicket::queued(ticket),
            Err(TrySendError::Full(job)) => (PurgeError::Full, job),
            Err(TrySendError::Closed(job)) => (PurgeError::Ended, job),
        };
        self.counts.count_dropped(&purge);
        events::purge_dropped(&why, purge.len());
        PurgeTicket::refused(why)
    }

    /// Resolves when all purges that were queued before are done or given up. Second rounds may
    /// be left.
    ///
    /// Call it after the server has stopped, since purges are lost when the process ends. Put a
    /// timeout around it: a cache that does not respond is tried several times.
    #[doc(alias = "graceful shutdown")]
    pub async fn flush(&self) {
        let (done, ticket) = oneshot::channel();
        let purge = Purge::new();
        // An error means that the runtime has ended, and the queue with it.
        if self.jobs.send(PurgeJob { purge, done }).await.is_ok() {
            let _ = ticket.await;
        }
    }

    /// Returns the number of purges that were dropped because the queue was full or its runtime
    /// had ended.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.counts.dropped()
    }

    /// Returns the number of purges that were given up, after their last attempt or because the
    /// cache refused them. Second rounds count too.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.counts.failed()
    }
}

impl fmt::Debug for PurgeQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PurgeQueue")
            .field(
                "waiting",
                &(self.jobs.max_capacity() - self.jobs.capacity()),
            )
            .field("dropped", &self.dropped())
            .field("failed", &self.failed())
            .finish()
    }
}
