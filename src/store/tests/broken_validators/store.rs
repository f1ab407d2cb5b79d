use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::task::yield_now;

use super::{CacheFault, state::CacheState};
use crate::{
    clock::{Clock, ManualClock},
    semantics::{
        validator::Validators,
        validator_cache::{
            CacheScope, FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, OperationId,
            ValidatorKey, ValidatorRecord, WriteEnd, WriteIntent, WriteTarget, Writes,
        },
    },
    store::{StoreError, ValidatorStore, validators::ValidatorEntry},
};

/// A store that keeps every rule, but for its fault.
pub(in crate::store::tests) struct BrokenCache {
    clock: ManualClock,
    pub(super) fault: Option<CacheFault>,
    state: Mutex<CacheState>,
}

const FOREVER: Duration = Duration::from_secs(1_000_000);

impl BrokenCache {
    pub(in crate::store::tests) fn new(clock: ManualClock, fault: Option<CacheFault>) -> Self {
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

    fn look_up(
        &self,
        key: ValidatorKey,
        mut lease: Option<LeaseRequest>,
        ignores_writes: bool,
    ) -> Lookup<Validators> {
        let only_asks = lease.is_none();
        if only_asks && self.has(CacheFault::AsksAndLeases) {
            lease = Some(LeaseRequest::new(OperationId::from([7; 16])));
        }
        if let Some(request) = lease
            .as_mut()
            .filter(|_| self.has(CacheFault::EndlessLease))
        {
            request.ttl = FOREVER;
        }
        self.with_state(|state, now| {
            let entry = state.slots.get(&key).and_then(Option::as_ref);
            let entry = entry.and_then(ValidatorRecord::entry);
            let scopes = entry.map_or(Vec::new(), |entry| entry.scopes.to_vec());
            let mut writes = self.writes(state, key, &scopes, now);
            if ignores_writes {
                writes = Writes::default();
            }
            let generation = state.generation;
            let slot = state.slots.entry(key).or_default();
            let found = ValidatorRecord::lookup(slot, lease, writes, generation, now);
            let found = found.map(|entry| entry.validators.clone());
            match found {
                Lookup::Leased { grant, .. } => {
                    state.granted.insert(key, grant);
                }
                Lookup::Miss { .. } if only_asks && self.has(CacheFault::AsksAndFrees) => {
                    *slot = None;
                }
                _ => {}
            }
            match found {
                Lookup::Hit { entry, ttl, .. } if self.has(CacheFault::TellsNoAge) => {
                    let age = Duration::ZERO;
                    Lookup::Hit { entry, age, ttl }
                }
                found => found,
            }
        })
    }
}

impl ValidatorStore for BrokenCache {
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        let is_free = self.with_state(|state, _| state.slots.get(&key).is_none_or(Option::is_none));
        if is_free && self.has(CacheFault::LookupThenLease) {
            yield_now().await;
            // A reader that came in between loses its lease.
            self.with_state(|state, _| state.slots.remove(&key));
        }
        let ignores_writes = lease.is_none() && self.has(CacheFault::AsksTheSlot);
        Ok(self.look_up(key, lease, ignores_writes))
    }

    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        let found = self.look_up(key, lease, self.has(CacheFault::TriesTheSlot));
        let is_leased = matches!(found, Lookup::Leased { .. });
        if is_leased && self.has(CacheFault::TriesToLease) {
            self.with_state(|state, _| state.slots.remove(&key));
        }
        Some(Ok(found))
    }

    async fn release(&self, key: ValidatorKey, grant: Grant) -> Result<(), StoreError> {
        self.with_state(|state, _| {
            let slot = state.slots.entry(key).or_default();
            let is_filled = slot.as_ref().and_then(ValidatorRecord::entry).is_some();
            match self.fault {
                Some(CacheFault::KeepsReleased) => {}
                Some(CacheFault::ReleasesAny) if !is_filled => *slot = None,
                Some(CacheFault::ReleasesEntry) if is_filled => *slot = None,
                _ => ValidatorRecord::release(slot, &grant),
            }
        });
        Ok(())
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
                    let _ = ValidatorRecord::lookup(slot, Some(lease), writes, generation, now);
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

    fn max_write_ttl(&self) -> Option<Duration> {
        None
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::SingleProcess
    }
}
