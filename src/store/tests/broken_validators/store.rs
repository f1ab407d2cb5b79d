use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::task::yield_now;

use super::CacheFault;
use crate::{
    clock::{Clock, ManualClock},
    semantics::{
        validator::Validators,
        validator_cache::{
            CacheScope, FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, OperationId,
            ValidatorKey, ValidatorRecord, WriteEnd, WriteIntent, WriteRecord, WriteTarget, Writes,
        },
    },
    store::{StoreError, ValidatorStore, validators::ValidatorEntry},
};

/// A store that keeps every rule, but for its fault.
pub(super) struct BrokenCache {
    clock: ManualClock,
    fault: Option<CacheFault>,
    state: Mutex<CacheState>,
}

#[derive(Default)]
struct CacheState {
    slots: HashMap<ValidatorKey, Option<ValidatorRecord<ValidatorEntry>>>,
    /// The last lease of each key.
    granted: HashMap<ValidatorKey, Grant>,
    writes: HashMap<WriteTarget, TargetWrites>,
    generation: u64,
}

/// The writes of a target, and those that are announced.
#[derive(Default)]
struct TargetWrites {
    record: WriteRecord,
    announced: Vec<(OperationId, Duration)>,
}

const FOREVER: Duration = Duration::from_secs(1_000_000);

impl BrokenCache {
    pub(super) fn new(clock: ManualClock, fault: Option<CacheFault>) -> Self {
        Self {
            clock,
            fault,
            state: Mutex::default(),
        }
    }

    fn has(&self, fault: CacheFault) -> bool {
        self.fault == Some(fault)
    }

    fn now(&self) -> Duration {
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        now.expect("a time after 1970")
    }

    fn with_state<T>(&self, change: impl FnOnce(&mut CacheState, Duration) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state, self.now())
    }

    fn writes(
        &self,
        state: &CacheState,
        key: ValidatorKey,
        scopes: &[CacheScope],
        now: Duration,
    ) -> Writes {
        let scopes = match self.fault {
            Some(CacheFault::OneScope) => &scopes[..scopes.len().min(1)],
            _ => scopes,
        };
        let scopes = scopes.iter().map(|scope| WriteTarget::Scope(*scope));
        let targets = [WriteTarget::Key(key), WriteTarget::All];
        let targets = targets.into_iter().chain(scopes);
        let records = targets.filter_map(|target| Some((target, state.writes.get(&target)?)));
        let writes = records.filter(|(target, writes)| {
            let is_scope = matches!(target, WriteTarget::Scope(_));
            // Its only writes are those of dead writers.
            !(is_scope && self.has(CacheFault::ForgetsRunOut) && writes.are_forgotten(now))
        });
        let writes = writes.map(|(_, writes)| writes.record.writes());
        writes.fold(Writes::default(), Writes::and)
    }

    /// Returns the targets that a write is noted for.
    fn targets(&self, targets: &[WriteTarget]) -> Vec<WriteTarget> {
        let mut targets = targets.to_vec();
        match self.fault {
            Some(CacheFault::WritesAll) => {
                let is_key = |target: &WriteTarget| matches!(target, WriteTarget::Key(_));
                if targets.iter().any(is_key) {
                    targets = vec![WriteTarget::All];
                }
            }
            Some(CacheFault::IgnoresAll) => targets.retain(|target| *target != WriteTarget::All),
            _ => {}
        }
        targets
    }

    /// Returns `true` if a write of the target makes earlier entries and leases void.
    fn has_stamp(&self, target: WriteTarget) -> bool {
        match self.fault {
            Some(CacheFault::IntentWithoutStamp) => false,
            Some(CacheFault::ScopeWithoutStamp) => !matches!(target, WriteTarget::Scope(_)),
            _ => true,
        }
    }

    /// Returns `true` if an announced write blocks leases.
    fn has_intent(&self, target: WriteTarget) -> bool {
        match self.fault {
            Some(CacheFault::LeaseWithoutIntent) => false,
            Some(CacheFault::ScopeWithoutIntent) => !matches!(target, WriteTarget::Scope(_)),
            _ => true,
        }
    }
}

impl TargetWrites {
    fn are_forgotten(&self, now: Duration) -> bool {
        !self.announced.is_empty() && self.announced.iter().all(|(_, until)| *until <= now)
    }
}

impl ValidatorStore for BrokenCache {
    async fn lookup(
        &self,
        key: ValidatorKey,
        mut request: LeaseRequest,
    ) -> Result<Lookup<Validators>, StoreError> {
        let is_free = self.with_state(|state, _| state.slots.get(&key).is_none_or(Option::is_none));
        if is_free && self.has(CacheFault::LookupThenLease) {
            yield_now().await;
            // A reader that came in between loses its lease.
            self.with_state(|state, _| state.slots.remove(&key));
        }
        if self.has(CacheFault::EndlessLease) {
            request.ttl = FOREVER;
        }
        Ok(self.with_state(|state, now| {
            let entry = state.slots.get(&key).and_then(Option::as_ref);
            let entry = entry.and_then(ValidatorRecord::entry);
            let scopes = entry.map_or(Vec::new(), |entry| entry.scopes.to_vec());
            let writes = self.writes(state, key, &scopes, now);
            let generation = state.generation;
            let slot = state.slots.entry(key).or_default();
            let found = ValidatorRecord::lookup(slot, request, writes, generation, now);
            let found = found.map(|entry| entry.validators.clone());
            if let Lookup::Leased { grant, .. } = found {
                state.granted.insert(key, grant);
            }
            found
        }))
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, StoreError> {
        Ok(self.with_state(|state, now| {
            let mut grant = grant;
            let mut ttl = entry.ttl;
            let mut writes = self.writes(state, key, &entry.scopes, now);
            let generation = state.generation;
            let slot = state.slots.entry(key).or_default();
            match self.fault {
                Some(CacheFault::BlindFill) => {
                    *slot = None;
                    writes = Writes::default();
                    let lease = LeaseRequest::new(grant.id());
                    let _ = ValidatorRecord::lookup(slot, lease, writes, generation, now);
                    grant = Grant::new(grant.id(), generation, now);
                }
                Some(CacheFault::IdIsGrant) => {
                    let held = state
                        .granted
                        .get(&key)
                        .filter(|held| held.id() == grant.id());
                    grant = held.copied().unwrap_or(grant);
                }
                Some(CacheFault::LivesFromFill) => ttl += now - grant.granted_at(),
                _ => {}
            }
            ValidatorRecord::fill(slot, &grant, entry, ttl, writes, now)
        }))
    }

    async fn begin_write(&self, intent: WriteIntent) -> Result<(), StoreError> {
        if self.has(CacheFault::DeletesAfterCommit) {
            return Ok(());
        }
        self.with_state(|state, now| {
            state.generation += 1;
            let ttl = match self.fault {
                Some(CacheFault::EndlessIntent) => FOREVER,
                _ => intent.ttl,
            };
            for target in self.targets(&intent.targets) {
                let writes = state.writes.entry(target).or_default();
                let stamp = if self.has_stamp(target) {
                    state.generation
                } else {
                    0
                };
                if self.has_intent(target) {
                    writes.record.begin(intent.id, ttl, stamp, now);
                } else {
                    writes.record.invalidate(stamp);
                }
                writes.announced.retain(|(id, _)| *id != intent.id);
                writes.announced.push((intent.id, now + ttl));
            }
        });
        Ok(())
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        Ok(self.with_state(|state, now| {
            state.generation += 1;
            let mut end = WriteEnd::Ended;
            for target in self.targets(&intent.targets) {
                let stamp = if self.has_stamp(target) {
                    state.generation
                } else {
                    0
                };
                let writes = state.writes.entry(target).or_default();
                let ids: Vec<_> = match self.fault {
                    Some(CacheFault::EndsAll) => {
                        writes.announced.iter().map(|(id, _)| *id).collect()
                    }
                    _ => vec![intent.id],
                };
                writes.announced.retain(|(id, _)| !ids.contains(id));
                for id in ids {
                    let ended = writes.record.end(id, stamp, now);
                    if ended == WriteEnd::IntentLost && self.has_intent(target) {
                        end = ended;
                    }
                }
            }
            match self.fault {
                Some(CacheFault::TellsNoLoss) => WriteEnd::Ended,
                _ => end,
            }
        }))
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        if self.has(CacheFault::NoInvalidation) {
            return Ok(());
        }
        self.with_state(|state, _| {
            state.generation += 1;
            for target in self.targets(&[target]) {
                let writes = state.writes.entry(target).or_default();
                writes.record.invalidate(state.generation);
            }
        });
        Ok(())
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::SingleProcess
    }
}
