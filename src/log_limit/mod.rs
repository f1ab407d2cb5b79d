//! A limit of the events of each kind, so that a storm of requests is no storm of logs.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;

/// The number of events of a kind in a second of the clock. Others are counted.
const MAX_PER_SECOND: u32 = 10;

/// The events of one kind.
///
/// It holds the last second with an event in its high half, and the number of events in it in its
/// low half. So a step is one atomic operation.
#[derive(Debug)]
pub(crate) struct LogLimit(AtomicU64);

/// An event that may be emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AdmittedEvent {
    /// The number of events of its kind that were suppressed before it.
    pub(crate) suppressed: Option<u32>,
}

impl LogLimit {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts an event. Returns `None` if it is suppressed.
    pub(crate) fn admit(&self) -> Option<AdmittedEvent> {
        // Without a clock no second would ever end, and everything would be suppressed.
        let Some(now) = clock::uptime() else {
            return Some(AdmittedEvent { suppressed: None });
        };
        let now = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        self.admit_in(now)
    }

    fn admit_in(&self, now: u32) -> Option<AdmittedEvent> {
        let step = |state| Some(SecondOfEvents::from_bits(state).add(now).into_bits());
        let relaxed = Ordering::Relaxed;
        let old = self.0.fetch_update(relaxed, relaxed, step);
        let old = SecondOfEvents::from_bits(old.unwrap_or_else(|state| state));
        old.admit(now)
    }
}

impl Default for LogLimit {
    fn default() -> Self {
        Self::new()
    }
}

/// The last second with an event, and the number of events in it.
#[derive(Debug, Clone, Copy)]
struct SecondOfEvents {
    second: u32,
    events: u32,
}

impl SecondOfEvents {
    fn from_bits(bits: u64) -> Self {
        Self {
            second: (bits >> 32) as u32,
            events: bits as u32,
        }
    }

    fn into_bits(self) -> u64 {
        u64::from(self.second) << 32 | u64::from(self.events)
    }

    /// Adds an event. One of a thread that read the clock before another one is of the last second.
    fn add(self, now: u32) -> Self {
        if now > self.second {
            Self {
                second: now,
                events: 1,
            }
        } else {
            Self {
                events: self.events.saturating_add(1),
                ..self
            }
        }
    }

    /// Returns the next event, or `None` if it is suppressed.
    fn admit(self, now: u32) -> Option<AdmittedEvent> {
        if now > self.second {
            let suppressed = self.events.checked_sub(MAX_PER_SECOND);
            let suppressed = suppressed.filter(|&events| events > 0);
            return Some(AdmittedEvent { suppressed });
        }
        (self.events < MAX_PER_SECOND).then_some(AdmittedEvent { suppressed: None })
    }
}

/// Emits an event, unless there were too many of its kind. The next one says how many.
macro_rules! limited_event {
    ($level:ident, $($fields:tt)+) => {{
        static LIMIT: $crate::log_limit::LogLimit = $crate::log_limit::LogLimit::new();
        if tracing::enabled!(tracing::Level::$level)
            && let Some(admitted) = LIMIT.admit()
        {
            let suppressed = admitted.suppressed;
            tracing::event!(tracing::Level::$level, suppressed, $($fields)+);
        }
    }};
}

pub(crate) use limited_event;

#[cfg(test)]
mod tests;
