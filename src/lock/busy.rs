use std::{error::Error, fmt};

/// A key that could not be had within the limits. It may be asked for again.
#[derive(Debug, Clone, Copy)]
pub struct Busy(BusyKind);

/// The limit that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusyKind {
    /// As many keys are live as [`capacity`](super::KeyedLock::capacity) allows.
    Keys,
    /// As many wait for this key as [`waiters`](super::KeyedLock::waiters) allows.
    Waiters,
    /// It took longer than [`patience`](super::KeyedLock::patience) allows.
    Patience,
}

impl Busy {
    pub(super) fn new(kind: BusyKind) -> Self {
        Self(kind)
    }

    /// The limit that was met.
    #[must_use]
    pub fn kind(&self) -> BusyKind {
        self.0
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            BusyKind::Keys => "too many keys are locked",
            BusyKind::Waiters => "too many wait for this key",
            BusyKind::Patience => "the key was held for too long",
        })
    }
}

impl Error for Busy {}

/// A capacity of zero keys, which would refuse everything.
#[derive(Debug, Clone, Copy)]
pub struct InvalidCapacity(pub(super) ());

impl fmt::Display for InvalidCapacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a lock has room for one key at least")
    }
}

impl Error for InvalidCapacity {}
