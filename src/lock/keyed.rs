use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use tokio::{sync::OwnedMutexGuard, time::timeout};

use super::{
    Busy,
    keys::{KeyReservation, LockedKeys},
};
use crate::setting::above_zero;

/// A fair, bounded mutex per key, for pessimistic locking within one process.
///
/// Clones share the keys. Each clone has its own limits, so a single wait can have its own
/// timeout.
///
/// See the [module docs](crate::lock) for an example.
#[derive(Clone)]
pub struct KeyedLock {
    keys: Arc<LockedKeys>,
    max_keys: usize,
    max_waiters: usize,
    timeout: Duration,
    pub(crate) hold_timeout: Duration,
}

impl KeyedLock {
    /// Creates a lock with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self {
            keys: Arc::default(),
            max_keys: 65_536,
            max_waiters: 1_024,
            timeout: Duration::from_secs(10),
            hold_timeout: Duration::from_secs(30),
        }
    }

    /// Sets the largest number of keys that are held or waited for. Defaults to 65,536.
    ///
    /// A further key is refused with [`Busy::MaxKeys`]. Keys that are already locked stay
    /// available.
    #[must_use]
    pub fn max_keys(self, max_keys: NonZeroUsize) -> Self {
        Self {
            max_keys: max_keys.get(),
            ..self
        }
    }

    /// Sets how many writers may wait for one key, besides its holder. Defaults to 1,024.
    ///
    /// A further writer is refused with [`Busy::MaxWaiters`]. With zero, a key that is held is
    /// refused at once.
    #[must_use]
    pub fn max_waiters(self, max_waiters: usize) -> Self {
        Self {
            max_waiters,
            ..self
        }
    }

    /// Sets how long a writer waits for a key, with a resolution of one millisecond. Defaults
    /// to 10 seconds.
    ///
    /// A longer wait ends with [`Busy::Timeout`]. With zero, a key that is held is refused at once.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets how long a [`PreconditionLayer`](crate::PreconditionLayer::lock) lets one
    /// write hold a key. Defaults to 30 seconds.
    ///
    /// After that time the handler is dropped, as if the client disconnected. The key becomes
    /// free, and the response is 500. Work that the handler gave to other tasks or threads goes
    /// on without the lock. It may overwrite the next holder's write, so give it a shorter
    /// limit. A [`KeyGuard`] has no limit.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since each handler that waits would be dropped.
    #[must_use]
    #[track_caller]
    pub fn hold_timeout(self, hold_timeout: Duration) -> Self {
        let remedy = "each handler that waits would be dropped; use some seconds";
        Self {
            hold_timeout: above_zero("hold timeout", hold_timeout, remedy),
            ..self
        }
    }

    /// Acquires `key`, and holds it until the guard is dropped. Waiters are served in the order
    /// of their first polls.
    ///
    /// Dropping the future gives up the place in the queue.
    ///
    /// # Errors
    ///
    /// Returns [`Busy`] if a limit is reached.
    ///
    /// # Panics
    ///
    /// Panics if it has to wait outside of a tokio runtime with timers.
    pub async fn acquire(&self, key: impl Into<Arc<str>>) -> Result<KeyGuard, Busy> {
        let (reservation, mutex) =
            self.keys
                .reserve(key.into(), self.max_keys, self.max_waiters)?;
        // A free key needs no timer, and so no runtime.
        let held = match Arc::clone(&mutex).try_lock_owned() {
            Ok(held) => held,
            Err(_) => timeout(self.timeout, mutex.lock_owned())
                .await
                .map_err(|_| Busy::Timeout(self.timeout))?,
        };
        Ok(KeyGuard {
            reservation,
            _held: held,
        })
    }

    /// Returns the number of keys that are held or waited for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.live().len()
    }

    /// Returns `true` if no key is held or waited for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> &Arc<LockedKeys> {
        &self.keys
    }
}

impl Default for KeyedLock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeyedLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedLock")
            .field("len", &self.len())
            .field("max_keys", &self.max_keys)
            .field("max_waiters", &self.max_waiters)
            .field("timeout", &self.timeout)
            .field("hold_timeout", &self.hold_timeout)
            .finish()
    }
}

/// A key that is held until this guard is dropped.
#[must_use = "the key is free again as soon as this is dropped"]
pub struct KeyGuard {
    // Dropped before `_held`, so that the next holder no longer counts this one.
    reservation: KeyReservation,
    _held: OwnedMutexGuard<()>,
}

impl KeyGuard {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &str {
        self.reservation.key()
    }
}

impl fmt::Debug for KeyGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyGuard").field(&self.key()).finish()
    }
}
