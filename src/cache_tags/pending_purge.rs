use std::time::Duration;

use http::{HeaderMap, request::Parts};
use tokio::time::timeout;

use super::PurgeWait;
use crate::{
    purge::{Purge, PurgeQueue},
    semantics::caching::cache_tags::{CacheTags, WriteOutcome},
};

/// The purge of a write that is being performed.
///
/// If it is dropped without a result, it is queued: the client disconnected or the handler
/// panicked, and the write may have happened.
#[derive(Debug)]
pub(super) struct PendingPurge {
    queue: PurgeQueue,
    purge: Option<Purge>,
}

impl PendingPurge {
    pub(super) fn new(queue: &PurgeQueue, tags: &CacheTags, request: &Parts) -> Self {
        Self {
            queue: queue.clone(),
            purge: Some(Purge::of(request).with_tags(tags)),
        }
    }

    /// Queues the purge if the write may have happened. Returns a future if the response waits.
    pub(super) fn finish(
        mut self,
        written: WriteOutcome,
        handler_tags: &CacheTags,
        headers: &HeaderMap,
        purge_timeout: Duration,
    ) -> Option<PurgeWait> {
        let purge = self.purge.take()?;
        // A write that was refused changed nothing (RFC 9111, section 4.4).
        if written == WriteOutcome::Refused {
            return None;
        }
        let ticket = self
            .queue
            .enqueue(purge.with_tags(handler_tags).with_locations(headers));
        if purge_timeout.is_zero() {
            return None;
        }
        Some(Box::pin(async move {
            // A failed purge is counted by the queue, and changes no response.
            let _ = timeout(purge_timeout, ticket).await;
        }))
    }
}

impl Drop for PendingPurge {
    fn drop(&mut self) {
        if let Some(purge) = self.purge.take() {
            self.queue.enqueue(purge);
        }
    }
}
