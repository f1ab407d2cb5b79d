//! The entries of the queue, and the counts that the queue shares with its worker.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use super::{Purge, PurgeError};

/// The sender of the result of a purge.
pub(super) type DoneSender = oneshot::Sender<Result<(), PurgeError>>;

pub(super) struct PurgeJob {
    pub(super) purge: Purge,
    pub(super) done: DoneSender,
}

/// The numbers of purges that were dropped or given up.
#[derive(Debug, Default)]
pub(super) struct PurgeCounts {
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl PurgeCounts {
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
