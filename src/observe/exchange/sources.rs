use std::time::Duration;

/// The calls of a source of validators in one exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceCalls {
    /// The number of calls that returned validators.
    pub present: u32,
    /// The number of calls that found no representation.
    pub absent: u32,
    /// The number of calls that did not know the state.
    pub unknown: u32,
    /// The number of calls that failed.
    pub failed: u32,
    /// The time of all calls.
    pub time: Duration,
}

impl SourceCalls {
    /// Returns the number of all calls.
    #[must_use]
    pub fn total(self) -> u32 {
        self.present + self.absent + self.unknown + self.failed
    }

    pub(super) fn add(&mut self, other: Self) {
        self.present += other.present;
        self.absent += other.absent;
        self.unknown += other.unknown;
        self.failed += other.failed;
        self.time += other.time;
    }
}
