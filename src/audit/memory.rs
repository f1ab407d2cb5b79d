use std::collections::{BTreeMap, HashMap};

use super::target::Target;

/// Stands for a target URI.
pub(super) type Key = [u8; 16];

/// What was seen of the targets that were seen last.
#[derive(Debug)]
pub(super) struct Memory {
    targets: HashMap<Key, Target>,
    /// The targets by when they were last seen.
    order: BTreeMap<u64, Key>,
    /// Numbers uses and sightings.
    clock: u64,
    pub(super) limit: usize,
    writes: Writes,
}

/// Requests that may change what others get.
#[derive(Debug, Default)]
struct Writes {
    running: usize,
    /// Moves when one ends.
    epoch: u64,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            targets: HashMap::new(),
            order: BTreeMap::new(),
            clock: 0,
            limit: 1_000,
            writes: Writes::default(),
        }
    }

    pub(super) fn begin_write(&mut self) {
        self.writes.running += 1;
    }

    /// `is_refused` says that it changed nothing, since a condition was false.
    pub(super) fn end_write(&mut self, is_refused: bool) {
        self.writes.running -= 1;
        self.writes.epoch += u64::from(!is_refused);
    }

    /// The time between two writes; `None` during one.
    pub(super) fn epoch(&self) -> Option<u64> {
        (self.writes.running == 0).then_some(self.writes.epoch)
    }

    /// The epoch in which something began, if it lasts.
    pub(super) fn still(&self, epoch: Option<u64>) -> Option<u64> {
        epoch.filter(|epoch| self.epoch() == Some(*epoch))
    }

    /// The epoch in which something began, if it lasts but for `own` writes.
    pub(super) fn still_but(&self, epoch: Option<u64>, own: usize) -> Option<u64> {
        epoch.filter(|epoch| self.writes.running == own && self.writes.epoch == *epoch)
    }

    /// Numbers what is seen.
    pub(super) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(super) fn seen(&mut self, key: Key) -> Option<&mut Target> {
        self.targets.get_mut(&key)
    }

    pub(super) fn clear(&mut self) {
        self.targets.clear();
        self.order.clear();
    }

    /// The target, as the one used last. It is forgotten when so many others
    /// were seen.
    pub(super) fn target(&mut self, key: Key) -> &mut Target {
        let now = self.tick();
        let target = self.targets.entry(key).or_default();
        self.order.remove(&target.used);
        target.used = now;
        self.order.insert(now, key);
        while self.targets.len() > self.limit.max(1) {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            self.targets.remove(&oldest);
        }
        self.targets.get_mut(&key).expect("it is the latest of all")
    }
}
