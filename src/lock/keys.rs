//! Which keys are live, and by how many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Busy;

/// Whose turn it is: tokio's mutex serves first who came first.
pub(super) type Turn = tokio::sync::Mutex<()>;

/// The keys that somebody holds or waits for.
///
/// Keys are compared and never only hashed, so no two are taken for one, and
/// the hash is seeded, so nobody can choose keys that slow the map down.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<HashMap<Arc<str>, Entry>>);

#[derive(Debug, Default)]
pub(super) struct Entry {
    turn: Arc<Turn>,
    /// The holder and those who wait. Never zero while the entry is there.
    claims: usize,
}

/// Keys that there is room for, however few are live.
const KEPT_ROOM: usize = 64;

/// Keeps an entry alive for one holder or one who waits.
#[derive(Debug)]
pub(super) struct Claim {
    keys: Arc<Keys>,
    key: Arc<str>,
}

impl Keys {
    pub(super) fn claim(
        self: &Arc<Self>,
        key: Arc<str>,
        capacity: usize,
        waiters: usize,
    ) -> Result<(Claim, Arc<Turn>), Busy> {
        let mut live = self.live();
        let room = live.len() < capacity;
        let turn = match live.get_mut(&key) {
            Some(entry) if entry.claims > waiters => return Err(Busy::Waiters),
            Some(entry) => {
                entry.claims += 1;
                Arc::clone(&entry.turn)
            }
            None if room => {
                let turn = Arc::<Turn>::default();
                let entry = Entry {
                    turn: Arc::clone(&turn),
                    claims: 1,
                };
                live.insert(Arc::clone(&key), entry);
                turn
            }
            None => return Err(Busy::Keys),
        };
        let keys = Arc::clone(self);
        Ok((Claim { keys, key }, turn))
    }

    /// Held for a few instructions, and never while something is awaited or
    /// woken.
    pub(super) fn live(&self) -> MutexGuard<'_, HashMap<Arc<str>, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut live = self.keys.live();
        match live.get_mut(&self.key) {
            Some(entry) if entry.claims > 1 => entry.claims -= 1,
            _ => {
                live.remove(&self.key);
                // A flood that is over leaves no room behind.
                if live.capacity() > KEPT_ROOM && live.len() < live.capacity() / 8 {
                    let room = live.len() * 2;
                    live.shrink_to(room.max(KEPT_ROOM));
                }
            }
        }
    }
}
