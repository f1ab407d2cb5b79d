use std::{error::Error, fmt};

/// An error returned by [`KeyedLock::acquire`](super::KeyedLock::acquire): the limit that was
/// met. The key may be asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Busy {
    /// As many keys are live as [`capacity`](super::KeyedLock::capacity) allows.
    Keys,
    /// As many wait for this key as [`waiters`](super::KeyedLock::waiters) allows.
    Waiters,
    /// It took longer than [`patience`](super::KeyedLock::patience) allows.
    Patience,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys => "too many keys are locked",
            Self::Waiters => "too many wait for this key",
            Self::Patience => "the key was held for too long",
        })
    }
}

impl Error for Busy {}
