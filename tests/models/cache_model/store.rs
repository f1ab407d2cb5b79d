//! The store of the model, sound and faulty.

use std::time::Duration;

use tower_conditional::store::validators::{
    FillOutcome, Grant, LeaseRequest, Lookup, OperationId, ValidatorRecord, WriteRecord, Writes,
};

use crate::CacheModel;

/// A fault of the store, its readers or its writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CacheVariant {
    Correct,
    /// A fill needs no lease, and the entry is deleted after the write.
    CacheAside,
    /// A fill needs a lease, and both are deleted after the write.
    LeaseAlone,
    /// Writes are announced, and a fill needs no lease.
    IntentAlone,
    /// A write commits after its announcement ran out. The store is sound.
    OutlivesIntent,
    /// Readers read from a replica behind the writers. The store is sound.
    LaggingReplica,
    /// Entries and leases of an earlier run of the store are void.
    RunNumber,
    /// The same, and a new run grants nothing until every announcement before it has run out.
    RunNumberAndGrace,
    /// A write of a scope blocks its entries, and leaves them valid.
    ScopeWithoutStamp,
    /// A write of a scope makes its entries void at its begin and its end, and blocks nothing.
    ScopeWithoutIntent,
    /// An announcement that ran out is forgotten.
    ForgetsRunOut,
    /// The id of a reader alone tells whose lease it is.
    IdIsGrant,
    /// A lookup without a lease finds void entries.
    AsksTheSlot,
}

/// The version of the content, which the entry names.
pub(crate) type Version = u8;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ModelStore {
    slot: Option<ValidatorRecord<Version>>,
    /// The last lease.
    granted: Option<Grant>,
    key: WriteRecord,
    scope: WriteRecord,
    generation: u64,
    /// The last change of the scope.
    scope_generation: u64,
    /// The time before which nothing is granted.
    grace_until: u64,
}

pub(crate) fn operation(number: u8) -> OperationId {
    OperationId::from([number; 16])
}

fn seconds(ticks: u64) -> Duration {
    Duration::from_secs(ticks)
}

impl ModelStore {
    pub(crate) fn new() -> Self {
        Self {
            slot: None,
            granted: None,
            key: WriteRecord::default(),
            scope: WriteRecord::default(),
            generation: 0,
            scope_generation: 0,
            grace_until: 0,
        }
    }

    /// Returns the writes that a reader depends on. The scope is known with the entry.
    fn writes(&self, model: &CacheModel, with_scope: bool, now: u64) -> Writes {
        let mut scope = self.scope.writes();
        let forgets = model.variant == CacheVariant::ForgetsRunOut;
        if forgets && !scope.are_live(seconds(now)) {
            let mut record = WriteRecord::default();
            record.invalidate(self.scope_generation);
            scope = record.writes();
        }
        let key = self.key.writes();
        if with_scope { key.and(scope) } else { key }
    }

    pub(crate) fn lookup(&mut self, model: &CacheModel, reader: u8, now: u64) -> Lookup<Version> {
        let request = LeaseRequest::new(operation(reader)).with_ttl(seconds(model.lease));
        self.look_up(model, Some(request), now)
    }

    /// Looks the key up for a reader that never fills.
    pub(crate) fn ask(&mut self, model: &CacheModel, now: u64) -> Lookup<Version> {
        self.look_up(model, None, now)
    }

    fn look_up(
        &mut self,
        model: &CacheModel,
        lease: Option<LeaseRequest>,
        now: u64,
    ) -> Lookup<Version> {
        let entry = self.slot.as_ref().and_then(ValidatorRecord::entry);
        let mut writes = self.writes(model, entry.is_some(), now);
        if lease.is_none() && model.variant == CacheVariant::AsksTheSlot {
            writes = Writes::default();
        }
        if now < self.grace_until {
            return Lookup::WriteInProgress;
        }
        let (generation, now) = (self.generation, seconds(now));
        let found = ValidatorRecord::lookup(&mut self.slot, lease, writes, generation, now);
        let found = found.map(|version| *version);
        if let Lookup::Leased { grant, .. } = found {
            self.granted = Some(grant);
        }
        found
    }

    pub(crate) fn fill(
        &mut self,
        model: &CacheModel,
        mut grant: Grant,
        version: Version,
        now: u64,
    ) -> FillOutcome {
        let writes = self.writes(model, true, now);
        let is_blind = matches!(
            model.variant,
            CacheVariant::CacheAside | CacheVariant::IntentAlone
        );
        let now = seconds(now);
        if is_blind {
            // As if it had been granted right now.
            let request = LeaseRequest::new(grant.id());
            let mut slot = None;
            let found =
                ValidatorRecord::lookup(&mut slot, Some(request), writes, self.generation, now);
            let Lookup::Leased { grant: held, .. } = found else {
                return FillOutcome::Refused;
            };
            grant = held;
            self.slot = slot;
        }
        if model.variant == CacheVariant::IdIsGrant {
            let held = self.granted.filter(|held| held.id() == grant.id());
            grant = held.unwrap_or(grant);
        }
        let ttl = seconds(model.ttl);
        ValidatorRecord::fill(&mut self.slot, &grant, version, ttl, writes, now)
    }

    pub(crate) fn release(&mut self, grant: &Grant) {
        ValidatorRecord::release(&mut self.slot, grant);
    }

    /// Returns the record of the writes, for a change.
    fn record(&mut self, model: &CacheModel) -> &mut WriteRecord {
        if model.by_scope {
            self.scope_generation = self.generation;
            &mut self.scope
        } else {
            &mut self.key
        }
    }

    pub(crate) fn begin(&mut self, model: &CacheModel, writer: u8, now: u64) {
        self.generation += 1;
        let (generation, now) = (self.generation, seconds(now));
        let (id, ttl) = (operation(writer), seconds(model.intent));
        let record = self.record(model);
        match model.variant {
            // Nothing is announced.
            CacheVariant::CacheAside | CacheVariant::LeaseAlone => {}
            CacheVariant::ScopeWithoutIntent => record.invalidate(generation),
            CacheVariant::ScopeWithoutStamp => record.begin(id, ttl, 0, now),
            _ => record.begin(id, ttl, generation, now),
        }
    }

    pub(crate) fn end(&mut self, model: &CacheModel, writer: u8, now: u64) {
        self.generation += 1;
        let generation = match model.variant {
            CacheVariant::ScopeWithoutStamp => 0,
            _ => self.generation,
        };
        let now = seconds(now);
        let _ = self.record(model).end(operation(writer), generation, now);
    }

    /// A replica of the store takes over, which has not seen the last steps.
    pub(crate) fn fail_over(&mut self, model: &CacheModel, replica: &Self, now: u64) {
        self.clone_from(replica);
        if matches!(
            model.variant,
            CacheVariant::RunNumber | CacheVariant::RunNumberAndGrace
        ) {
            self.slot = None;
        }
        if model.variant == CacheVariant::RunNumberAndGrace {
            self.grace_until = now + model.intent;
        }
    }
}
