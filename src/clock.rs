//! Clocks: the time with which layers evaluate and write dates.

#[cfg(target_os = "linux")]
use std::time::UNIX_EPOCH;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

use crate::semantics::field::HttpDate;

/// A source of the current time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock",
    label = "not a clock",
    note = "use `SystemClock`, or `ManualClock` (feature `test-util`) in tests, or implement `Clock` for a type of your own: a function is not a clock"
)]
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> SystemTime;

    /// Returns a time that is at most one second behind [`now`](Self::now) and never ahead
    /// of it. It is used for the `Date` of responses. Defaults to [`now`](Self::now).
    fn coarse_now(&self) -> SystemTime {
        self.now()
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::exhaustive_structs)] // its name is a value, as in `clock(SystemClock)`
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place where the system's clock is read
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Returns the time of the kernel's last tick, which is at most 10 ms old. Reading it
    /// takes a quarter of the time of [`now`](Clock::now).
    #[cfg(target_os = "linux")]
    fn coarse_now(&self) -> SystemTime {
        let tick = clock_gettime(ClockId::RealtimeCoarse);
        // A time before 1970 is a negative duration, which `Duration` cannot hold.
        Duration::try_from(tick).map_or_else(|_| self.now(), |since| UNIX_EPOCH + since)
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        C::now(self)
    }

    fn coarse_now(&self) -> SystemTime {
        C::coarse_now(self)
    }
}

/// The clock of a layer: the system's clock, unless another one is set.
///
/// The default needs no allocation, and its clones need no atomic operation.
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

    /// Returns the time since 1970 on a clock that was set, and since `origin` otherwise.
    ///
    /// Before 1970 all times are one: leases do not run out, and nothing runs twice.
    #[cfg(feature = "tokio")]
    pub(crate) fn since(&self, origin: tokio::time::Instant) -> Duration {
        match &self.0 {
            Some(clock) => {
                let since_1970 = clock.now().duration_since(SystemTime::UNIX_EPOCH);
                since_1970.unwrap_or_default()
            }
            None => origin.elapsed(),
        }
    }

    /// Returns the time of [`Clock::coarse_now`] in whole seconds.
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

/// A measurement of time, for observers. It does not run where no clock can be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Option<Instant>);

impl Stopwatch {
    /// Starts a measurement.
    #[allow(clippy::disallowed_methods)] // the one place that measures time
    pub(crate) fn start() -> Self {
        // This target has no clock of its own, and reading one panics.
        let has_clock = !cfg!(all(target_family = "wasm", target_os = "unknown"));
        Self(has_clock.then(Instant::now))
    }

    /// Returns a measurement that does not run.
    pub(crate) fn stopped() -> Self {
        Self(None)
    }

    pub(crate) fn is_running(self) -> bool {
        self.0.is_some()
    }

    /// Returns the time since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.map(|start| start.elapsed()).unwrap_or_default()
    }
}

/// Returns the time since its first call, for limits of events. It never goes back. `None` where no
/// clock can be read.
#[cfg(feature = "tracing")]
pub(crate) fn uptime() -> Option<Duration> {
    static START: std::sync::OnceLock<Stopwatch> = std::sync::OnceLock::new();

    #[cfg(test)]
    if let Some(moved) = tests::uptime() {
        return Some(moved);
    }
    let start = START.get_or_init(Stopwatch::start);
    start.is_running().then(|| start.elapsed())
}

/// A clock for tests. Its time changes only by its methods. Clones share the time.
#[cfg(any(test, feature = "test-util"))]
#[derive(Debug, Clone)]
pub struct ManualClock(std::sync::Arc<std::sync::Mutex<SystemTime>>);

#[cfg(any(test, feature = "test-util"))]
impl ManualClock {
    /// Creates a clock whose time is `now`.
    #[must_use]
    pub fn new(now: SystemTime) -> Self {
        Self(std::sync::Arc::new(std::sync::Mutex::new(now)))
    }

    /// Advances the time.
    ///
    /// # Panics
    ///
    /// Panics if the time is beyond the range of [`SystemTime`].
    pub fn advance(&self, by: Duration) {
        *self.lock() += by;
    }

    /// Sets the time, which may be earlier than before.
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
pub(crate) mod tests;
