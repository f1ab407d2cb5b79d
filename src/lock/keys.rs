//! The keys that are locked, each with the number of its users.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Busy;

/// The mutex of one key. The mutex of tokio is fair: it serves waiters in their order.
pub(super) type KeyMutex = tokio::sync::Mutex<()>;

/// The keys that are held or waited for.
///
/// The map compares whole keys, so two keys with the same hash stay apart. Its hash is
/// seeded, so clients cannot choose keys that slow the map down.
#[derive(Debug, Default)]
pub(super) struct LockedKeys(Mutex<HashMap<Arc<str>, KeyEntry>>);

#[derive(Debug, Default)]
pub(super) struct KeyEntry {
    mutex: Arc<KeyMutex>,
    /// The number of holders and waiters. Never zero while the entry is in the map.
    users: usize,
}

/// The capacity that the map keeps when it shrinks.
const MIN_CAPACITY: usize = 64;

/// Keeps the entry of a key alive for one holder or one waiter.
#[derive(Debug)]
pub(super) struct KeyReservation {
    keys: Arc<LockedKeys>,
    key: Arc<str>,
}

impl LockedKeys {
    /// Counts the caller as a user of the key, and returns the mutex to wait for.
    pub(super) fn reserve(
        self: &Arc<Self>,
        key: Arc<str>,
        max_keys: usize,
        max_waiters: usize,
    ) -> Result<(KeyReservation, Arc<KeyMutex>), Busy> {
        let mut live = self.live();
        let has_room = live.len() < max_keys;
        let mutex = match live.get_mut(&key) {
            // One of the users is the holder, so `users - 1` wait.
            Some(entry) if entry.users > max_waiters => {
                return Err(Busy::MaxWaiters(max_waiters));
            }
            Some(entry) => {
                entry.users += 1;
                Arc::clone(&entry.mutex)
            }
            None if has_room => {
                let mutex = Arc::<KeyMutex>::default();
                let entry = KeyEntry {
                    mutex: Arc::clone(&mutex),
                    users: 1,
                };
                live.insert(Arc::clone(&key), entry);
                mutex
            }
            None => return Err(Busy::MaxKeys(max_keys)),
        };
        let keys = Arc::clone(self);
        Ok((KeyReservation { keys, key }, mutex))
    }

    /// Locks the map. The guard is never held while something is awaited or woken.
    pub(super) fn live(&self) -> MutexGuard<'_, HashMap<Arc<str>, KeyEntry>> {
        // The map is whole after each statement, so a poisoned one can still be used.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyReservation {
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

impl Drop for KeyReservation {
    fn drop(&mut self) {
        let mut live = self.keys.live();
        match live.get_mut(&self.key) {
            Some(entry) if entry.users > 1 => entry.users -= 1,
            _ => {
                live.remove(&self.key);
                // The map shrinks after a flood of keys. The factor of 4 between the old and
                // the new capacity keeps it from growing again soon.
                if live.capacity() > MIN_CAPACITY && live.len() < live.capacity() / 8 {
                    let capacity = live.len() * 2;
                    live.shrink_to(capacity.max(MIN_CAPACITY));
                }
            }
        }
    }
}
