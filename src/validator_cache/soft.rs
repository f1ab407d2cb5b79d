//! Changes that the store is told when it can be.

use std::{
    collections::HashSet,
    mem,
    task::{Context, Waker},
    time::Duration,
};

use tokio::{runtime::Handle, time::sleep};

use super::ValidatorCache;
use crate::{
    events,
    observe::exchange::{self, scoped},
    purge::Purge,
    semantics::validator_cache::WriteTarget,
    store::ValidatorStore,
};

impl<St: ValidatorStore> ValidatorCache<St> {
    /// Asks the handler on the next use of the entries that a purge names.
    ///
    /// It returns at once, and never fails. Until the store has forgotten the entries, this
    /// process answers nothing from the cache. A store that is away is tried again without end.
    /// Such a store needs a tokio runtime with a timer; without one, the cache stays unused until
    /// the next call.
    pub fn soft_invalidate(&self, purge: &Purge) {
        self.soft_invalidate_targets(self.targets(purge));
    }

    /// Asks the handler on the next use of every entry. See
    /// [`soft_invalidate`](Self::soft_invalidate).
    pub fn soft_invalidate_all(&self) {
        self.soft_invalidate_targets(vec![WriteTarget::All]);
    }

    pub(super) fn soft_invalidate_targets(&self, targets: Vec<WriteTarget>) {
        if targets.is_empty() {
            return;
        }
        if !self.state.soft.add(targets) {
            return;
        }
        let worker = SoftWorker {
            cache: self.clone(),
            taken: HashSet::new(),
            is_over: false,
        };
        let mut work = Box::pin(worker.run());
        // A store in memory has done it when this returns.
        let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending()
            && let Ok(runtime) = Handle::try_current()
        {
            // Not among the detached work: a store that stays away must not hold up a shutdown.
            runtime.spawn(scoped(exchange::current_scope(false), work));
        }
    }
}

/// The one worker of a cache. If it is dropped early, the next call starts another one.
struct SoftWorker<St: ValidatorStore> {
    cache: ValidatorCache<St>,
    /// The targets that the store is told now.
    taken: HashSet<WriteTarget>,
    is_over: bool,
}

impl<St: ValidatorStore> SoftWorker<St> {
    async fn run(mut self) {
        const SHORTEST: Duration = Duration::from_millis(50);
        let mut wait = SHORTEST;
        while self.take() {
            let targets = self.taken.iter().copied().collect();
            match self.cache.invalidate_targets(targets).await {
                Ok(()) => {
                    self.taken.clear();
                    wait = SHORTEST;
                }
                Err(error) => {
                    events::validator_step_failed("invalidate", &error);
                    // The store is away, and nothing tells when it is back.
                    if !pause(wait).await {
                        return;
                    }
                    wait = (wait * 2).min(Duration::from_secs(5));
                }
            }
        }
    }

    /// Takes the targets. Returns `false` if there are none, and ends the work.
    fn take(&mut self) -> bool {
        let unfinished = mem::take(&mut self.taken);
        self.taken = self.cache.state.soft.exchange(unfinished);
        self.is_over = self.taken.is_empty();
        !self.is_over
    }
}

impl<St: ValidatorStore> Drop for SoftWorker<St> {
    fn drop(&mut self) {
        if !self.is_over {
            self.cache.state.soft.give_up(mem::take(&mut self.taken));
        }
    }
}

/// Waits, if there is a runtime. Returns `false` at once if there is none.
pub(super) async fn pause(wait: Duration) -> bool {
    let has_runtime = Handle::try_current().is_ok();
    if has_runtime {
        // No event ends this wait: a store that is away tells nobody when it is back, and an
        // announcement runs out by time alone.
        sleep(wait).await;
    }
    has_runtime
}
