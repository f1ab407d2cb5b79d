//! The running calls to a purger.

use std::{
    collections::HashMap,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    task::{Id, JoinSet},
    time::{Instant, timeout},
};

use super::{PurgeLimits, Purger, schedule::PurgePart};
use crate::BoxError;

/// The maximum number of prompt calls. Further parts wait for them.
const MAX_PROMPT_CALLS: usize = 8;

/// The longest time for which a call is prompt, even with a longer timeout.
const MAX_PROMPT_TIME: Duration = Duration::from_secs(1);

pub(super) struct RunningCalls<P> {
    purger: Arc<P>,
    timeout: Duration,
    max_concurrency: usize,
    running: JoinSet<Result<(), BoxError>>,
    calls: HashMap<Id, RunningCall>,
}

struct RunningCall {
    part: PurgePart,
    /// The end of the time in which the call is prompt: until then the parts behind it wait.
    /// `None` for a retry.
    prompt_until: Option<Instant>,
}

/// The result of a call.
pub(super) struct FinishedCall {
    pub(super) part: PurgePart,
    pub(super) result: Result<(), BoxError>,
}

impl<P: Purger> RunningCalls<P> {
    pub(super) fn new(purger: Arc<P>, limits: &PurgeLimits) -> Self {
        Self {
            purger,
            timeout: limits.timeout,
            max_concurrency: limits.max_concurrency,
            running: JoinSet::new(),
            calls: HashMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Returns `true` if there is room for one more first try.
    pub(super) fn has_room_for_first_try(&self, now: Instant) -> bool {
        self.calls.len() < self.max_concurrency && self.prompt_ends(now).count() < MAX_PROMPT_CALLS
    }

    /// Returns `true` if the next batch can begin: no prompt call is running. Until then the
    /// purges that arrive are merged.
    pub(super) fn has_room_for_batch(&self, now: Instant) -> bool {
        self.calls.len() < self.max_concurrency && self.prompt_ends(now).next().is_none()
    }

    /// Returns `true` if there is room for one more retry. Retries get half of the room.
    pub(super) fn has_room_for_retry(&self) -> bool {
        let retries = self.calls.values().filter(|call| call.part.failures > 0);
        self.calls.len() < self.max_concurrency
            && retries.count() < self.max_concurrency.div_ceil(2)
    }

    /// Returns the time at which the first of the prompt calls stops being prompt.
    pub(super) fn next_prompt_end(&self, now: Instant) -> Option<Instant> {
        self.prompt_ends(now).min()
    }

    fn prompt_ends(&self, now: Instant) -> impl Iterator<Item = Instant> {
        let until = self.calls.values().filter_map(|call| call.prompt_until);
        until.filter(move |until| *until > now)
    }

    /// Starts a call with a timeout, in a separate task, since the purger may panic.
    pub(super) fn start(&mut self, part: PurgePart) {
        let (purger, purge) = (Arc::clone(&self.purger), Arc::clone(&part.purge));
        let limit = self.timeout;
        let task = self.running.spawn(async move {
            timeout(limit, async {
                purger.purge(&purge).await.map_err(Into::into)
            })
            .await?
        });
        // The parts behind a call that hangs are delayed by no more than this.
        let wait = (limit / 20).min(MAX_PROMPT_TIME);
        let prompt_until = (part.failures == 0).then(|| Instant::now() + wait);
        self.calls
            .insert(task.id(), RunningCall { part, prompt_until });
    }

    pub(super) fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<FinishedCall> {
        while let Poll::Ready(Some(finished)) = self.running.poll_join_next_with_id(cx) {
            let (id, result) = match finished {
                Ok((id, result)) => (id, result),
                // The purger panicked, which is a failure like any other.
                Err(panicked) => (panicked.id(), Err(panicked.into())),
            };
            if let Some(RunningCall { part, .. }) = self.calls.remove(&id) {
                return Poll::Ready(FinishedCall { part, result });
            }
        }
        Poll::Pending
    }
}
