use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

/// The value for a length that is not known.
const UNKNOWN: u64 = u64::MAX;

/// A route, by its name, and the length of its last representation.
pub(super) struct ObservedRoute {
    name: Box<str>,
    last_length: AtomicU64,
}

impl ObservedRoute {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            last_length: AtomicU64::new(UNKNOWN),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the length of the last 200 to a `GET` that was sent as a whole.
    pub(super) fn last_length(&self) -> Option<u64> {
        let length = self.last_length.load(Ordering::Relaxed);
        (length != UNKNOWN).then_some(length)
    }

    pub(super) fn set_last_length(&self, length: u64) {
        self.last_length.store(length, Ordering::Relaxed);
    }
}

impl fmt::Debug for ObservedRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}
