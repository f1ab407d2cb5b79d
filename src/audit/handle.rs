use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    finding::{Code, Finding},
    finding_log::FindingLog,
    history::AuditHistory,
    rules::RuleFinding,
};
use crate::{
    clock::{Clock, SharedClock},
    setting::above_zero,
};

/// The findings of an [`AuditLayer`](super::AuditLayer). Clones share them.
///
/// See the [module docs](crate::audit) for an example.
#[derive(Clone)]
#[must_use]
pub struct Audit {
    state: Arc<Mutex<AuditState>>,
}

pub(super) struct AuditState {
    pub(super) history: AuditHistory,
    log: FindingLog,
    max_lifetime: Duration,
    clock: SharedClock,
    logs_targets: bool,
}

impl Audit {
    /// Creates an audit without findings.
    pub fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(AuditState {
                history: AuditHistory::new(),
                log: FindingLog::new(),
                max_lifetime: Duration::from_secs(365 * 24 * 60 * 60),
                clock: SharedClock::default(),
                logs_targets: false,
            })),
        }
    }

    /// Sets how many targets are remembered. Defaults to 1,000.
    ///
    /// If there are more, those that were used last stay. Each takes a few KiB, and up to 16 KiB
    /// more for the first bytes of its contents.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since responses could not be compared.
    #[track_caller]
    pub fn max_targets(self, max: usize) -> Self {
        let max = above_zero(
            "number of targets",
            max,
            "no responses would be compared; use some",
        );
        self.lock().history.max_targets = max;
        self
    }

    /// Sets how many findings are kept. Defaults to 1,000.
    ///
    /// The first ones are kept, and the others are [counted](Self::dropped).
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no finding would say what is wrong.
    #[track_caller]
    pub fn max_findings(self, max: usize) -> Self {
        let max = above_zero("number of findings", max, "none would be kept; use some");
        self.lock().log.max_findings = max;
        self
    }

    /// Sets the longest lifetime that needs no `immutable`. Defaults to one year.
    ///
    /// With zero, each lifetime needs `immutable`. The limit applies to all media types: how old a
    /// page may be is the application's decision.
    pub fn max_lifetime(self, max_lifetime: Duration) -> Self {
        self.lock().max_lifetime = max_lifetime;
        self
    }

    /// Suppresses further findings with these codes, for mistakes that are intended. Defaults
    /// to no codes.
    pub fn allow(self, codes: impl IntoIterator<Item = Code>) -> Self {
        // The iterator may use the audit itself.
        let codes: Vec<_> = codes.into_iter().collect();
        self.lock().log.allowed.extend(codes);
        self
    }

    /// Sets the clock used to evaluate dates. Defaults to
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(self, clock: impl Clock) -> Self {
        let clock = SharedClock::new(clock);
        let old = std::mem::replace(&mut self.lock().clock, clock);
        // The lock is released before the code of the old clock runs.
        drop(old);
        self
    }

    /// Adds target and details to the events of the feature `tracing`, for development. By default
    /// an event has the code and its remedy, and [`findings`](Self::findings) has the rest.
    ///
    /// Paths, queries and tags may tell who a client is. They do not belong in logs of production.
    pub fn log_targets(self) -> Self {
        self.lock().logs_targets = true;
        self
    }

    /// Returns the findings in the order in which they appeared, each code once per target.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.lock().log.findings().to_vec()
    }

    /// Returns how often there was no room for a finding: see [`max_findings`](Self::max_findings).
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lock().log.dropped()
    }

    /// Removes all findings, and forgets all targets.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.history.clear();
        state.log.clear();
    }

    /// Panics if there are [mistakes](super::Code::is_mistake). Advice is ignored.
    ///
    /// # Panics
    ///
    /// Panics with each mistake, its target, section and remedy.
    #[track_caller]
    pub fn assert_clean(&self) {
        // The lock is released first, since a panic would poison it.
        let mistakes = self.lock().log.mistakes();
        if let Some(mistakes) = mistakes {
            panic!("{mistakes}");
        }
    }

    /// Locks the state. Callers release the lock before they call or await anything else.
    pub(super) fn lock(&self) -> MutexGuard<'_, AuditState> {
        // Each step leaves the state consistent, so a panic elsewhere does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clock_and_max_lifetime(&self) -> (SharedClock, Duration) {
        let state = self.lock();
        (state.clock.clone(), state.max_lifetime)
    }

    pub(super) fn add_findings(&self, target: &Arc<str>, findings: Vec<RuleFinding>) {
        if findings.is_empty() {
            return;
        }
        let mut state = self.lock();
        let new = state.log.add(target, findings);
        let logs_targets = state.logs_targets;
        drop(state);
        for finding in new {
            finding.emit_event(logs_targets);
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
