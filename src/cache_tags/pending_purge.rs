use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use http::request::Parts;
use tokio::time::timeout;

use super::PurgeWait;
use crate::{
    detached::{ResponseHead, SharedWatch, WriteWatch, current_watch},
    purge::{Purge, PurgeQueue},
    refusal::KeyProblem,
    semantics::{
        caching::cache_tags::{CacheTags, WriteOutcome, write_outcome},
        retry::Commit,
    },
};

/// The purge of a write, as the future of its response has it.
///
/// If it is dropped without a result, such as after a disconnect, there is a purge at once. The
/// write may have happened, and work that goes on may end late, or with its process.
#[derive(Debug)]
pub(super) struct HeldPurge(Option<Arc<PendingPurge>>);

/// The purge of a write that is being performed.
///
/// The future of the response has it, and so has work that goes on without the client. If the
/// last of them drops it, it is queued, since the write may have happened. That is so after a
/// disconnect, a panic, or work that has ended after the response.
struct PendingPurge {
    queue: PurgeQueue,
    state: Mutex<PurgeState>,
    /// The watch of a layer outside: it sees the same work. Behind a buffer, it is there when the
    /// response is polled, and not yet in the call.
    outer: OnceLock<SharedWatch>,
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

impl HeldPurge {
    /// Returns the purge of a request, or nothing without a queue.
    pub(super) fn new(queue: Option<&PurgeQueue>, tags: &CacheTags, request: &Parts) -> Self {
        let pending = queue.map(|queue| PendingPurge {
            queue: queue.clone(),
            state: Mutex::new(PurgeState {
                purge: Some(Purge::of(request).with_tags(tags)),
                work: OngoingResult::Nothing,
            }),
            outer: OnceLock::new(),
        });
        Self(pending.map(Arc::new))
    }

    /// Returns the watch for work that goes on without the client.
    pub(super) fn watch(&self) -> Option<SharedWatch> {
        let pending = self.0.as_ref()?;
        if pending.outer.get().is_none()
            && let Some(outer) = current_watch()
        {
            pending.outer.get_or_init(|| outer);
        }
        Some(Arc::clone(pending) as _)
    }

    /// Queues the purge if the write may have happened. Returns a future if the response waits.
    ///
    /// Work may go on, such as that of a handler whose time was over. It purges again at its end.
    pub(super) fn finish(
        &mut self,
        response: Option<ResponseHead<'_>>,
        purge_timeout: Duration,
    ) -> Option<PurgeWait> {
        let mut pending = self.0.take()?;
        let purge = match Arc::get_mut(&mut pending) {
            Some(only) => only.state_mut().purge.take()?,
            None => pending.lock().purge.clone()?,
        };
        // A write that was refused changed nothing (RFC 9111, section 4.4).
        if outcome(response) == WriteOutcome::Refused {
            return None;
        }
        let ticket = pending.queue.enqueue(complete(purge, response));
        if purge_timeout.is_zero() {
            return None;
        }
        Some(Box::pin(async move {
            // A failed purge is counted by the queue, and changes no response.
            let _ = timeout(purge_timeout, ticket).await;
        }))
    }
}

impl Drop for HeldPurge {
    fn drop(&mut self) {
        let Some(mut pending) = self.0.take() else {
            return;
        };
        // The last owner sends the purge as it is dropped. Work that goes on sends another one.
        if Arc::get_mut(&mut pending).is_none() {
            let purge = pending.lock().purge.clone();
            if let Some(purge) = purge {
                pending.queue.enqueue(purge);
            }
        }
    }
}

/// Returns the outcome of a write, as far as its response shows it.
///
/// A repeated response counts too: the purge of the first one may be lost, with its process or
/// its client.
fn outcome(response: Option<ResponseHead<'_>>) -> WriteOutcome {
    let Some(response) = response else {
        return WriteOutcome::Unknown;
    };
    let of_status = write_outcome(response.status);
    // Layers inside answer 4xx also for a write that was performed, but has no answer.
    let is_unknown = || {
        let problem = response.extensions.get::<KeyProblem>();
        problem.is_some_and(|problem| problem.may_follow_write())
            || response.extensions.get() == Some(&Commit::Unknown)
    };
    if of_status == WriteOutcome::Refused && is_unknown() {
        WriteOutcome::Unknown
    } else {
        of_status
    }
}

/// Adds to a purge what the response of its write names.
fn complete(purge: Purge, response: Option<ResponseHead<'_>>) -> Purge {
    let Some(response) = response else {
        return purge;
    };
    let handler_tags = response.extensions.get::<CacheTags>();
    purge
        .with_tags(handler_tags.into_iter().flatten())
        .with_locations(response.headers)
}

impl PendingPurge {
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
        let written = outcome(response);
        state.work = match (written, state.work) {
            (WriteOutcome::Refused, OngoingResult::Nothing | OngoingResult::Refused) => {
                OngoingResult::Refused
            }
            _ => OngoingResult::MayHaveWritten,
        };
        if written != WriteOutcome::Refused {
            state.purge = state.purge.take().map(|purge| complete(purge, response));
        }
        drop(state);
        if let Some(outer) = self.outer.get() {
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
