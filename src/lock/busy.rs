use std::{error::Error, fmt, time::Duration};

/// An error returned by [`KeyedLock::acquire`](super::KeyedLock::acquire): one of the lock's
/// limits was reached. A later attempt may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Busy {
    /// As many keys are locked or waited for as [`max_keys`](super::KeyedLock::max_keys)
    /// allows.
    MaxKeys(usize),
    /// As many writers wait for this key as [`max_waiters`](super::KeyedLock::max_waiters)
    /// allows.
    MaxWaiters(usize),
    /// The wait took longer than [`timeout`](super::KeyedLock::timeout) allows.
    Timeout(Duration),
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxKeys(max) => {
                write!(f, "{max} keys are locked, as many as `max_keys` allows")
            }
            Self::MaxWaiters(max) => {
                write!(
                    f,
                    "{max} writers wait for this key, as many as `max_waiters` allows"
                )
            }
            Self::Timeout(timeout) => {
                write!(
                    f,
                    "the key was held for longer than the `timeout` of {timeout:?}"
                )
            }
        }
    }
}

impl Error for Busy {}
