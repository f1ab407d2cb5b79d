use std::{fmt, sync::Arc};

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

use super::{
    Purge, PurgeError, PurgeLimits, PurgeTicket, Purger,
    job::{Counts, Job},
    worker::Worker,
};
use crate::events;

/// Purges on their way to a cache: bounded, put together, tried again.
///
/// Clones share one queue and its one task. When all of them are dropped, the
/// task finishes what is queued and ends.
///
/// See the [module docs](crate::purge) for an example.
#[derive(Clone)]
pub struct PurgeQueue {
    jobs: mpsc::Sender<Job>,
    counts: Arc<Counts>,
}

impl PurgeQueue {
    /// With the default limits.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, where its task could not run.
    pub fn new(purger: impl Purger) -> Self {
        Self::with_limits(purger, PurgeLimits::new())
    }

    /// With these limits.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, where its task could not run.
    pub fn with_limits(purger: impl Purger, limits: PurgeLimits) -> Self {
        let (jobs, queued) = mpsc::channel(limits.capacity);
        let counts = Arc::default();
        tokio::spawn(Worker::new(purger, limits, queued, Arc::clone(&counts)).run());
        Self { jobs, counts }
    }

    /// Queues a purge, at once. Where the queue is full, it is dropped, and
    /// those that wait stay.
    #[expect(clippy::must_use_candidate, reason = "most callers do not wait")]
    pub fn enqueue(&self, purge: Purge) -> PurgeTicket {
        let (done, ticket) = oneshot::channel();
        let why = match self.jobs.try_send(Job { purge, done }) {
            Ok(()) => return PurgeTicket::queued(ticket),
            Err(TrySendError::Full(_)) => PurgeError::Full,
            Err(TrySendError::Closed(_)) => PurgeError::Ended,
        };
        self.counts.count_dropped();
        events::purge_dropped(&why);
        PurgeTicket::refused(why)
    }

    /// Resolves when all that was queued before is done or given up; second
    /// rounds may be left.
    ///
    /// For the end of a process, which would take along what waits: after the
    /// server has stopped, and in a time limit of yours, since a cache that does
    /// not answer is tried several times.
    pub async fn flush(&self) {
        let (done, ticket) = oneshot::channel();
        let purge = Purge::new();
        // An error is that the runtime has ended, and with it the queue.
        if self.jobs.send(Job { purge, done }).await.is_ok() {
            let _ = ticket.await;
        }
    }

    /// How many purges were dropped because the queue was full or its runtime
    /// had ended.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.counts.dropped()
    }

    /// How many purges were given up, after their last attempt or because they were
    /// refused. Each counts once, second rounds included.
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
