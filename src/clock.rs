//! The clock: how layers tell the time of day.

#[cfg(target_os = "linux")]
use std::time::{Duration, UNIX_EPOCH};
use std::{fmt, sync::Arc, time::SystemTime};

#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

use crate::semantics::field::HttpDate;

/// A clock that tells the time of day.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock",
    label = "not a clock",
    note = "`SystemClock` is one, and `ManualClock` of the feature `test-util` is one for tests; a function is none: implement `Clock` for a type of your own"
)]
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> SystemTime;

    /// Returns the current time, up to a second late and never early. Used for `Date`,
    /// which each response has. Defaults to [`now`](Self::now).
    fn coarse_now(&self) -> SystemTime {
        self.now()
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place where the system's clock is read
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Costs a quarter of [`now`](Clock::now): the kernel keeps the time of its last
    /// tick, 10 ms ago at most.
    #[cfg(target_os = "linux")]
    fn coarse_now(&self) -> SystemTime {
        let tick = clock_gettime(ClockId::RealtimeCoarse);
        // A clock before 1970 has no such duration.
        Duration::try_from(tick).map_or_else(|_| self.now(), |since| UNIX_EPOCH + since)
    }
}

/// The clock of a layer: the system's, unless another one is set.
///
/// The default takes no allocation, and its clones take no atomic operation.
#[derive(Clone, Default)]
pub(crate) struct SharedClock(Option<Arc<dyn Clock>>);

impl SharedClock {
    pub(crate) fn new(clock: impl Clock) -> Self {
        Self(Some(Arc::new(clock)))
    }

    /// Returns the current time in whole seconds.
    pub(crate) fn now(&self) -> HttpDate {
        match &self.0 {
            Some(clock) => clock.now().into(),
            None => SystemClock.now().into(),
        }
    }

    /// Returns the time of [`Clock::coarse_now`].
    pub(crate) fn coarse_now(&self) -> HttpDate {
        match &self.0 {
            Some(clock) => clock.coarse_now().into(),
            None => SystemClock.coarse_now().into(),
        }
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "SharedClock(Custom)",
            None => "SharedClock(System)",
        })
    }
}

/// A clock that stands still until it is moved, for tests. Clones share it.
#[cfg(any(test, feature = "test-util"))]
#[derive(Debug, Clone)]
pub struct ManualClock(std::sync::Arc<std::sync::Mutex<SystemTime>>);

#[cfg(any(test, feature = "test-util"))]
impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: SystemTime) -> Self {
        Self(std::sync::Arc::new(std::sync::Mutex::new(now)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: std::time::Duration) {
        *self.lock() += by;
    }

    /// Sets the clock, backwards too.
    pub fn set(&self, now: SystemTime) {
        *self.lock() = now;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SystemTime> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(any(test, feature = "test-util"))]
impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.lock()
    }
}

#[cfg(test)]
#[test]
fn the_last_tick_is_recent_and_never_in_the_future() {
    use std::time::Duration;

    let clock = SystemClock;
    for _ in 0..1000 {
        let before = clock.now();
        let tick = clock.coarse_now();
        assert!(tick <= clock.now());
        assert!(tick + Duration::from_millis(500) > before);
    }
    // A clock of the user's own has one time for both.
    let manual = ManualClock::new(std::time::UNIX_EPOCH);
    manual.advance(Duration::from_millis(1999));
    assert_eq!(manual.coarse_now(), manual.now());
}
