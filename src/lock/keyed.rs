use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use tokio::{sync::OwnedMutexGuard, time::timeout};

use super::{
    Busy,
    keys::{Claim, Keys},
};

/// A fair, bounded mutex per key, for one process.
///
/// Clones share the keys. Limits belong to the clone that they are set on, so
/// one that is about to wait may bring a patience of its own.
///
/// See the [module docs](crate::lock) for an example.
#[derive(Clone)]
pub struct KeyedLock {
    keys: Arc<Keys>,
    capacity: usize,
    waiters: usize,
    patience: Duration,
    pub(crate) hold_timeout: Duration,
}

impl KeyedLock {
    /// Room for 65,536 keys, 1,024 waiting for each, 10 seconds at most, behind writes
    /// of 30 seconds at most.
    #[must_use]
    pub fn new() -> Self {
        Self {
            keys: Arc::default(),
            capacity: 65_536,
            waiters: 1_024,
            patience: Duration::from_secs(10),
            hold_timeout: Duration::from_secs(30),
        }
    }

    /// The most keys that are held or waited for, 65,536 by default. A key
    /// beyond them is [`Busy::Keys`]; those that are live stay available.
    #[must_use]
    pub fn capacity(self, keys: NonZeroUsize) -> Self {
        Self {
            capacity: keys.get(),
            ..self
        }
    }

    /// Sets how many writers may wait for one key, besides its holder. Defaults to 1,024. A
    /// further one is refused with [`Busy::Waiters`]. With zero nobody waits, and a key that
    /// is held is refused at once.
    #[must_use]
    pub fn waiters(self, waiters: usize) -> Self {
        Self { waiters, ..self }
    }

    /// The longest wait for a key, to the millisecond, 10 seconds by default.
    /// Whose wait ends before its turn comes is [`Busy::Patience`].
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sets how long a [`PreconditionLayer`](crate::PreconditionLayer::lock) lets one
    /// write hold a key. Defaults to 30 seconds. Beyond that its handler is dropped, as
    /// when a client leaves, the key is free, and the answer is 500. Work that it gave to
    /// other tasks or threads goes on without the lock, and may write over what the next
    /// holder wrote: give it a shorter limit. A [`KeyGuard`] has no limit.
    #[must_use]
    pub fn hold_timeout(self, hold_timeout: Duration) -> Self {
        Self {
            hold_timeout,
            ..self
        }
    }

    /// Waits until nobody else holds `key`, and holds it until the guard is
    /// dropped. Turns are given in the order of the first polls.
    ///
    /// Dropping the future gives up the place and leaves nothing behind.
    ///
    /// # Errors
    ///
    /// [`Busy`] if a limit is met.
    ///
    /// # Panics
    ///
    /// If it has to wait, and that not within a tokio runtime with timers.
    pub async fn acquire(&self, key: impl Into<Arc<str>>) -> Result<KeyGuard, Busy> {
        let (claim, turn) = self.keys.claim(key.into(), self.capacity, self.waiters)?;
        // A key that is free costs no timer.
        let turn = match Arc::clone(&turn).try_lock_owned() {
            Ok(turn) => turn,
            Err(_) => timeout(self.patience, turn.lock_owned())
                .await
                .map_err(|_| Busy::Patience)?,
        };
        Ok(KeyGuard { claim, _turn: turn })
    }

    /// How many keys are held or waited for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.live().len()
    }

    /// Whether no key is held or waited for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> &Arc<Keys> {
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
            .field("capacity", &self.capacity)
            .field("waiters", &self.waiters)
            .field("patience", &self.patience)
            .field("hold_timeout", &self.hold_timeout)
            .finish()
    }
}

/// A key that is held. Dropping it lets the next one have it.
#[must_use = "the key is free again as soon as this is dropped"]
pub struct KeyGuard {
    // Dropped first, so that whoever has the next turn finds this one gone.
    claim: Claim,
    _turn: OwnedMutexGuard<()>,
}

impl KeyGuard {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        self.claim.key()
    }
}

impl fmt::Debug for KeyGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyGuard").field(&self.key()).finish()
    }
}
