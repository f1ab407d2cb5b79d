//! The entries of the queue, and the counts that the queue shares with its worker.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::oneshot;

use super::{Purge, PurgeError};
use crate::observe::exchange::{Event, Observer, PurgeEvent, PurgeResult, emit_to};

/// The sender of the result of a purge.
pub(super) type DoneSender = oneshot::Sender<Result<(), PurgeError>>;

pub(super) struct PurgeJob {
    pub(super) purge: Purge,
    pub(super) done: DoneSender,
}

/// The numbers of purges that were dropped or given up, and their observer.
#[derive(Default)]
pub(super) struct PurgeCounts {
    dropped: AtomicU64,
    failed: AtomicU64,
    observer: OnceLock<Arc<dyn Observer>>,
}

impl PurgeCounts {
    /// Sets the observer. Returns `false` if there is one.
    pub(super) fn set_observer(&self, observer: Arc<dyn Observer>) -> bool {
        self.observer.set(observer).is_ok()
    }

    pub(super) fn count_finished(&self, purge: &Purge, result: Result<(), PurgeError>) {
        if result.is_ok() {
            return self.report(PurgeResult::Done, purge);
        }
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.report(PurgeResult::Failed, purge);
    }

    pub(super) fn count_dropped(&self, purge: &Purge) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.report(PurgeResult::Dropped, purge);
    }

    fn report(&self, result: PurgeResult, purge: &Purge) {
        // An empty purge is a flush.
        let Some(observer) = self.observer.get().filter(|_| !purge.is_empty()) else {
            return;
        };
        let tags: Vec<_> = purge.tags().collect();
        let targets: Vec<_> = purge.targets().collect();
        let event = PurgeEvent {
            result,
            tags: &tags,
            targets: &targets,
        };
        emit_to(&**observer, &Event::Purge(event));
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
