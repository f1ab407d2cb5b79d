//! The calls to a purger that are under way.

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

use super::{BoxError, PurgeLimits, Purger, agenda::Part};

/// So many of those that have not been under way for long.
const PROMPT: usize = 8;

/// No longer than that others wait, however long one try may take.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

pub(super) struct Calls<P> {
    purger: Arc<P>,
    timeout: Duration,
    most: usize,
    running: JoinSet<Result<(), BoxError>>,
    told: HashMap<Id, Call>,
}

struct Call {
    part: Part,
    /// Until then those behind it wait for it. A retry has had its time.
    prompt_until: Option<Instant>,
}

/// How a call ended.
pub(super) struct Ended {
    pub(super) part: Part,
    pub(super) result: Result<(), BoxError>,
}

impl<P: Purger> Calls<P> {
    pub(super) fn new(purger: Arc<P>, limits: &PurgeLimits) -> Self {
        Self {
            purger,
            timeout: limits.timeout,
            most: limits.concurrency,
            running: JoinSet::new(),
            told: HashMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Returns `true` if there is room for one more first try.
    pub(super) fn take_first_try(&self, now: Instant) -> bool {
        self.told.len() < self.most && self.prompt(now).count() < PROMPT
    }

    /// Returns `true` if further purges are to be begun: none that is under way is waited for.
    /// Until then those that arrive are put together.
    pub(super) fn take_batch(&self, now: Instant) -> bool {
        self.told.len() < self.most && self.prompt(now).next().is_none()
    }

    /// Returns `true` if there is room for one more retry: they have half of all room.
    pub(super) fn take_retry(&self) -> bool {
        let retries = self.told.values().filter(|call| call.part.failures > 0);
        self.told.len() < self.most && retries.count() < self.most.div_ceil(2)
    }

    /// When the first of those that others wait for has had its time.
    pub(super) fn next_overtaken(&self, now: Instant) -> Option<Instant> {
        self.prompt(now).min()
    }

    fn prompt(&self, now: Instant) -> impl Iterator<Item = Instant> {
        let until = self.told.values().filter_map(|call| call.prompt_until);
        until.filter(move |until| *until > now)
    }

    /// In a task of its own, which may panic, and which ends when it takes too long.
    pub(super) fn start(&mut self, part: Part) {
        let (purger, purge) = (Arc::clone(&self.purger), Arc::clone(&part.purge));
        let limit = self.timeout;
        let called = self.running.spawn(async move {
            timeout(limit, async {
                purger.purge(&purge).await.map_err(Into::into)
            })
            .await?
        });
        // Whoever waits behind one that hangs feels no more than this.
        let wait = (limit / 20).min(LONGEST_WAIT);
        let prompt_until = (part.failures == 0).then(|| Instant::now() + wait);
        self.told.insert(called.id(), Call { part, prompt_until });
    }

    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        while let Poll::Ready(Some(ended)) = self.running.poll_join_next_with_id(cx) {
            let (id, result) = match ended {
                Ok((id, result)) => (id, result),
                Err(panicked) => (panicked.id(), Err(panicked.into())),
            };
            if let Some(Call { part, .. }) = self.told.remove(&id) {
                return Poll::Ready(Ended { part, result });
            }
        }
        Poll::Pending
    }
}
