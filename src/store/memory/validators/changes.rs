use std::{num::NonZeroU64, time::Duration};

// `tests/models/schedules` has this file with the atomics of its scheduler.
use super::atomic::{AtomicU64, Ordering};

/// The generations of a store, and the changes that have them. The first one is 1.
pub(super) struct Changes {
    begun: AtomicU64,
    applied: AtomicU64,
}

/// The facts of a change: its time and its generation.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Duration,
    pub(super) generation: u64,
}

/// The changes before a lookup.
#[derive(Clone, Copy)]
pub(super) struct PastChanges {
    /// The generation of the last change that was begun. Every later change has a later one.
    pub(super) generation: u64,
    /// The same, if all changes until then are in the tables.
    pub(super) settled: Option<NonZeroU64>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            begun: AtomicU64::new(1),
            applied: AtomicU64::new(1),
        }
    }
}

impl Changes {
    /// Makes a change. Its generation is later than that of every grant before.
    pub(super) fn apply<T>(&self, now: Duration, change: impl FnOnce(Moment) -> T) -> T {
        let generation = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let result = change(Moment { now, generation });
        self.applied.fetch_add(1, Ordering::AcqRel);
        result
    }

    /// Returns the changes until now. A lookup calls it before it reads a table.
    pub(super) fn past(&self) -> PastChanges {
        // In this order: a change that begins in between is not settled.
        let applied = self.applied.load(Ordering::Acquire);
        let generation = self.begun.load(Ordering::Acquire);
        let settled = NonZeroU64::new(applied).filter(|_| applied == generation);
        PastChanges {
            generation,
            settled,
        }
    }
}
