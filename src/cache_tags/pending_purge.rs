use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{HeaderMap, request::Parts};
use tokio::time::timeout;

use super::PurgeWait;
use crate::{
    detached::{ResponseHead, WriteWatch, current_watch},
    purge::{Purge, PurgeQueue},
    semantics::caching::cache_tags::{CacheTags, WriteOutcome, write_outcome},
};

/// The purge of a write that is being performed.
///
/// The future of the response has it, and so has work that goes on without the client. If the
/// last of them drops it, it is queued, since the write may have happened. That is so after a
/// disconnect, a panic, or work that has ended after the response.
pub(super) struct PendingPurge {
    queue: PurgeQueue,
    state: Mutex<PurgeState>,
    /// The watch of a layer outside: it sees the same work.
    outer: Option<Arc<dyn WriteWatch>>,
}

#[derive(Debug)]
struct PurgeState {
    /// `None` once the result is known, and no work goes on.
    purge: Option<Purge>,
    work: OngoingResult,
}

/// The result of the work that went on without the client.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum OngoingResult {
    /// There was no such work.
    #[default]
    Nothing,
    /// All of it was refused, and changed nothing.
    Refused,
    MayHaveWritten,
}

impl PendingPurge {
    pub(super) fn new(queue: &PurgeQueue, tags: &CacheTags, request: &Parts) -> Self {
        Self {
            queue: queue.clone(),
            state: Mutex::new(PurgeState {
                purge: Some(Purge::of(request).with_tags(tags)),
                work: OngoingResult::Nothing,
            }),
            outer: current_watch(),
        }
    }

    /// Queues the purge if the write may have happened. Returns a future if the response waits.
    ///
    /// Work may go on, such as that of a handler whose time was over. It purges again at its end.
    pub(super) fn finish(
        mut self: Arc<Self>,
        written: WriteOutcome,
        handler_tags: &CacheTags,
        headers: &HeaderMap,
        purge_timeout: Duration,
    ) -> Option<PurgeWait> {
        let purge = match Arc::get_mut(&mut self) {
            Some(only) => only.state_mut().purge.take()?,
            None => self.lock().purge.clone()?,
        };
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

    // A panic elsewhere leaves the state whole: it is changed by single assignments.
    fn lock(&self) -> MutexGuard<'_, PurgeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&mut self) -> &mut PurgeState {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriteWatch for PendingPurge {
    fn work_ended(&self, response: Option<ResponseHead<'_>>) {
        let mut state = self.lock();
        let written = response.map_or(WriteOutcome::Unknown, |head| write_outcome(head.status));
        state.work = match (written, state.work) {
            (WriteOutcome::Refused, OngoingResult::Nothing | OngoingResult::Refused) => {
                OngoingResult::Refused
            }
            _ => OngoingResult::MayHaveWritten,
        };
        if let Some(head) = response
            && written != WriteOutcome::Refused
            && let Some(purge) = state.purge.take()
        {
            let handler_tags = head.extensions.get::<CacheTags>();
            let purge = purge.with_tags(handler_tags.into_iter().flatten());
            state.purge = Some(purge.with_locations(head.headers));
        }
        drop(state);
        if let Some(outer) = &self.outer {
            outer.work_ended(response);
        }
    }
}

impl Drop for PendingPurge {
    fn drop(&mut self) {
        let state = self.state_mut();
        let may_have_written = state.work != OngoingResult::Refused;
        if let Some(purge) = state.purge.take().filter(|_| may_have_written) {
            self.queue.enqueue(purge);
        }
    }
}

impl fmt::Debug for PendingPurge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingPurge")
            .field("queue", &self.queue)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
