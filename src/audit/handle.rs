use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    finding::{Code, Finding},
    ledger::Ledger,
    memory::Memory,
    rules::Found,
};
use crate::clock::{Clock, SharedClock};

/// What an [`AuditLayer`](super::AuditLayer) found. Clones share it.
///
/// See the [module docs](crate::audit) for an example.
#[derive(Clone)]
#[must_use]
pub struct Audit {
    state: Arc<Mutex<State>>,
}

pub(super) struct State {
    pub(super) memory: Memory,
    ledger: Ledger,
    longest: Duration,
    clock: SharedClock,
}

impl Audit {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                memory: Memory::new(),
                ledger: Ledger::new(),
                longest: Duration::from_secs(365 * 24 * 60 * 60),
                clock: SharedClock::default(),
            })),
        }
    }

    /// How many targets are remembered, 1,000 by default and at least one; of
    /// more, those that were seen last. Each takes a few KiB, and at most 16 more
    /// for the first bytes of contents.
    pub fn targets(self, limit: usize) -> Self {
        self.lock().memory.limit = limit;
        self
    }

    /// How many findings are kept, 1,000 by default: the first ones. The others
    /// are [counted](Self::left_out).
    pub fn limit(self, limit: usize) -> Self {
        self.lock().ledger.limit = limit;
        self
    }

    /// The longest lifetime that needs no `immutable`, a year by default. A page
    /// that may be old for so long is the application's decision, so no media
    /// type has a limit of its own.
    pub fn longest_lifetime(self, longest: Duration) -> Self {
        self.lock().longest = longest;
        self
    }

    /// Leaves these codes out of what is found from now on: they are meant.
    pub fn allow(self, codes: impl IntoIterator<Item = Code>) -> Self {
        self.lock().ledger.allowed.extend(codes);
        self
    }

    /// The clock that dates are held against; the system's by default.
    pub fn clock(self, clock: impl Clock) -> Self {
        self.lock().clock = SharedClock::new(clock);
        self
    }

    /// What was found, in the order in which it was, each code once per target.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.lock().ledger.findings().to_vec()
    }

    /// How often something was found for which there was no
    /// [room](Self::limit).
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.lock().ledger.left_out()
    }

    /// Forgets what was found and what was seen.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.memory.clear();
        state.ledger.clear();
    }

    /// Holds that no [mistake](super::Code::is_mistake) was found. Advice is
    /// none.
    ///
    /// # Panics
    ///
    /// With every mistake, its place, section and remedy.
    #[track_caller]
    pub fn assert_clean(&self) {
        // Not while the lock is held.
        let mistakes = self.lock().ledger.mistakes();
        if let Some(mistakes) = mistakes {
            panic!("{mistakes}");
        }
    }

    /// Never held while something else runs or is waited for.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in the state spans two steps that a panic could part.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn settings(&self) -> (SharedClock, Duration) {
        let state = self.lock();
        (state.clock.clone(), state.longest)
    }

    pub(super) fn report(&self, target: &Arc<str>, found: Vec<Found>) {
        if found.is_empty() {
            return;
        }
        let new = self.lock().ledger.add(target, found);
        for finding in new {
            finding.trace();
        }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("findings", &self.findings())
            .finish_non_exhaustive()
    }
}
