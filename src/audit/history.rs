use std::collections::{BTreeMap, HashMap};

use super::target_history::TargetHistory;

/// The truncated hash of a target URI.
pub(super) type TargetKey = [u8; 16];

/// The responses of the targets that were used last.
#[derive(Debug)]
pub(super) struct AuditHistory {
    targets: HashMap<TargetKey, TargetHistory>,
    /// The targets by the number of their last use.
    order: BTreeMap<u64, TargetKey>,
    /// The number of the last use or response.
    last_number: u64,
    pub(super) max_targets: usize,
    writes: WriteEpochs,
}

/// The requests that may change the responses to others.
#[derive(Debug, Default)]
struct WriteEpochs {
    running: usize,
    /// The number of writes that have ended.
    epoch: u64,
}

impl AuditHistory {
    pub(super) fn new() -> Self {
        Self {
            targets: HashMap::new(),
            order: BTreeMap::new(),
            last_number: 0,
            max_targets: 1_000,
            writes: WriteEpochs::default(),
        }
    }

    pub(super) fn begin_write(&mut self) {
        self.writes.running += 1;
    }

    /// Ends a write. `is_refused` is `true` if a false condition kept it from being performed.
    pub(super) fn end_write(&mut self, is_refused: bool) {
        self.writes.running -= 1;
        self.writes.epoch += u64::from(!is_refused);
    }

    /// Returns the number of the time between two writes, or `None` during a write.
    pub(super) fn epoch(&self) -> Option<u64> {
        (self.writes.running == 0).then_some(self.writes.epoch)
    }

    /// Returns the epoch in which something began, unless a write began since.
    pub(super) fn epoch_if_unchanged(&self, epoch: Option<u64>) -> Option<u64> {
        epoch.filter(|epoch| self.epoch() == Some(*epoch))
    }

    /// Returns the epoch in which something began, unless other than `own` writes began since.
    pub(super) fn epoch_if_unchanged_except(&self, epoch: Option<u64>, own: usize) -> Option<u64> {
        epoch.filter(|epoch| self.writes.running == own && self.writes.epoch == *epoch)
    }

    /// Numbers uses and responses in their order.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Returns a target that is known, which becomes the one that was used last.
    pub(super) fn get(&mut self, key: TargetKey) -> Option<&mut TargetHistory> {
        self.targets.contains_key(&key).then(|| self.target(key))
    }

    /// Returns a target that is known, and leaves the order of uses as it is.
    pub(super) fn peek(&self, key: TargetKey) -> Option<&TargetHistory> {
        self.targets.get(&key)
    }

    pub(super) fn clear(&mut self) {
        self.targets.clear();
        self.order.clear();
    }

    /// Returns a target, which becomes the one that was used last. The least recently used one is
    /// forgotten if there are too many.
    pub(super) fn target(&mut self, key: TargetKey) -> &mut TargetHistory {
        let now = self.next_number();
        let target = self.targets.entry(key).or_default();
        self.order.remove(&target.used);
        target.used = now;
        self.order.insert(now, key);
        while self.targets.len() > self.max_targets.max(1) {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            self.targets.remove(&oldest);
        }
        self.targets
            .get_mut(&key)
            .expect("the latest is not removed")
    }
}
