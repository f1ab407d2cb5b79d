use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use super::{StoreFault, entry::BrokenEntry};
use crate::{
    clock::{Clock, ManualClock},
    semantics::retry::{Claim, Fingerprint, RecordId, Update},
    store::{Step, StoreError},
};

/// A store that keeps every rule, but for its fault.
pub(super) struct BrokenStore {
    clock: ManualClock,
    pub(super) fault: Option<StoreFault>,
    pub(super) entries: Mutex<HashMap<RecordId, BrokenEntry>>,
}

impl BrokenStore {
    pub(super) fn new(clock: ManualClock, fault: Option<StoreFault>) -> Self {
        Self {
            clock,
            fault,
            entries: Mutex::default(),
        }
    }

    pub(super) fn has(&self, fault: StoreFault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) fn now(&self) -> Duration {
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        now.expect("a time after 1970")
    }

    pub(super) fn with_entry<T>(
        &self,
        id: RecordId,
        change: impl FnOnce(&mut BrokenEntry, Duration) -> T,
    ) -> T {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        change(entries.entry(id).or_default(), self.now())
    }

    /// Runs a step of an attempt on its record.
    pub(super) fn update(
        &self,
        step: Step,
        change: impl FnOnce(&mut BrokenEntry, Step, Duration) -> Update,
    ) -> Result<Update, StoreError> {
        let update = self.with_entry(step.id, |entry, now| {
            let mut step = step;
            if let Some(holder) = entry.holder {
                if self.has(StoreFault::NoOwnerCheck) {
                    step.owner = holder.owner;
                }
                if self.has(StoreFault::NoFenceCheck) {
                    step.fence = holder.fence;
                }
            }
            change(entry, step, now)
        });
        Ok(update)
    }

    pub(super) fn faulty_claim(&self, mut claim: Claim) -> Claim {
        match self.fault {
            Some(StoreFault::NoFingerprint) => claim.fingerprint = Fingerprint::custom("all"),
            Some(StoreFault::SilentTakeover) => claim.takeover = true,
            Some(StoreFault::LeaseIsRetention) => {
                claim.retention.replay = claim.retention.replay.min(claim.lease);
            }
            Some(StoreFault::ReadsExpired) => claim.retention.replay = Duration::MAX,
            Some(StoreFault::NoTombstone) => claim.retention.tombstone = Duration::ZERO,
            _ => {}
        }
        claim
    }
}
