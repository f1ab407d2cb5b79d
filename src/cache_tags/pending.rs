use std::time::Duration;

use http::{HeaderMap, request::Parts};
use tokio::time::timeout;

use super::Wait;
use crate::{
    purge::{Purge, PurgeQueue},
    semantics::caching::cache_tags::{CacheTags, WriteOutcome},
};

/// The purge of a write under way. Dropped before the write has told what
/// became of it, as when the client leaves or the handler panics, it purges.
#[derive(Debug)]
pub(super) struct Pending {
    queue: PurgeQueue,
    purge: Option<Purge>,
}

impl Pending {
    pub(super) fn new(queue: &PurgeQueue, tags: &CacheTags, request: &Parts) -> Self {
        Self {
            queue: queue.clone(),
            purge: Some(Purge::of(request).with_tags(tags)),
        }
    }

    pub(super) fn settle(
        mut self,
        written: WriteOutcome,
        said: &CacheTags,
        headers: &HeaderMap,
        limit: Duration,
    ) -> Option<Wait> {
        let purge = self.purge.take()?;
        if written == WriteOutcome::Refused {
            return None;
        }
        let ticket = self
            .queue
            .enqueue(purge.with_tags(said).with_locations(headers));
        if limit.is_zero() {
            return None;
        }
        Some(Box::pin(async move {
            // Whether it was purged is counted, and changes no response.
            let _ = timeout(limit, ticket).await;
        }))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(purge) = self.purge.take() {
            self.queue.enqueue(purge);
        }
    }
}
