//! The queue's entries, and the counts that it shares with its worker.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use super::{Purge, PurgeError};

/// Tells whoever waits.
pub(super) type Done = oneshot::Sender<Result<(), PurgeError>>;

pub(super) struct Job {
    pub(super) purge: Purge,
    pub(super) done: Done,
}

/// Purges that a cache was not told of.
#[derive(Debug, Default)]
pub(super) struct Counts {
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    pub(super) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
