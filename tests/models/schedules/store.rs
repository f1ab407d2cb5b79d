use std::{num::NonZeroU64, time::Duration};

use shuttle::sync::Mutex;
use tower_conditional::store::validators::{
    FillOutcome, Grant, LeaseRequest, Lookup, OperationId, ValidatorRecord, WriteRecord, Writes,
};

use crate::changes::{Changes, Moment};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduleFault {
    /// Nothing is announced, and the entry goes once the write has ended.
    DeletesAfterCommit,
    /// A fill needs no lease.
    BlindFill,
    /// A lookup takes a change that was begun for one that all lookups see.
    ChecksUnsettled,
}

/// The target of a write: the key, or the scope of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrittenPart {
    Key,
    Scope,
}

/// One key and one scope, under the locks of the store in memory.
pub(crate) struct ScheduledStore {
    fault: Option<ScheduleFault>,
    entry: Mutex<KeyState>,
    /// This lock may be taken inside that of the entry.
    scope: Mutex<WriteRecord>,
    changes: Changes,
}

#[derive(Default)]
struct KeyState {
    slot: Option<ValidatorRecord<u32>>,
    checked: Option<NonZeroU64>,
    writes: WriteRecord,
}

/// No time passes in a schedule.
const NOW: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

fn operation(number: u8) -> OperationId {
    OperationId::from([number; 16])
}

impl ScheduledStore {
    pub(crate) fn new(fault: Option<ScheduleFault>) -> Self {
        Self {
            fault,
            entry: Mutex::default(),
            scope: Mutex::default(),
            changes: Changes::default(),
        }
    }

    pub(crate) fn lookup(&self, reader: u8) -> Lookup<u32> {
        let mut state = self.entry.lock().expect("no panic");
        let past = self.changes.past();
        let settled = match self.fault {
            Some(ScheduleFault::ChecksUnsettled) => NonZeroU64::new(past.generation),
            _ => past.settled,
        };
        let has_entry = state
            .slot
            .as_ref()
            .is_some_and(|slot| slot.entry().is_some());
        let writes = if state.checked.is_some() && state.checked == settled {
            Writes::default()
        } else if has_entry {
            self.writes(&state)
        } else {
            state.writes.writes()
        };
        let lease = Some(LeaseRequest::new(operation(reader)));
        let generation = past.generation;
        let found = ValidatorRecord::lookup(&mut state.slot, lease, writes, generation, NOW);
        let found = found.map(|version| *version);
        if matches!(found, Lookup::Hit { .. }) {
            state.checked = settled;
        }
        found
    }

    fn writes(&self, state: &KeyState) -> Writes {
        let scope = self.scope.lock().expect("no panic").writes();
        state.writes.writes().and(scope)
    }

    pub(crate) fn fill(&self, grant: &Grant, version: u32) -> FillOutcome {
        let mut state = self.entry.lock().expect("no panic");
        let mut writes = self.writes(&state);
        let mut grant = *grant;
        if self.fault == Some(ScheduleFault::BlindFill) {
            state.slot = None;
            writes = Writes::default();
            let lease = Some(LeaseRequest::new(grant.id()));
            let generation = self.changes.past().generation;
            let _ = ValidatorRecord::lookup(&mut state.slot, lease, writes, generation, NOW);
            grant = Grant::new(grant.id(), generation, NOW);
        }
        state.checked = None;
        ValidatorRecord::fill(&mut state.slot, &grant, version, LONG, writes, NOW)
    }

    pub(crate) fn release(&self, grant: &Grant) {
        let mut state = self.entry.lock().expect("no panic");
        ValidatorRecord::release(&mut state.slot, grant);
    }

    /// Changes the writes of a part, as one change of the store.
    fn change(&self, part: WrittenPart, change: impl FnOnce(&mut WriteRecord, Moment)) {
        self.changes.apply(NOW, |at| match part {
            WrittenPart::Key => change(&mut self.entry.lock().expect("no panic").writes, at),
            WrittenPart::Scope => change(&mut self.scope.lock().expect("no panic"), at),
        });
    }

    pub(crate) fn begin(&self, writer: u8, part: WrittenPart) {
        if self.fault != Some(ScheduleFault::DeletesAfterCommit) {
            self.change(part, |record, at| {
                record.begin(operation(writer), LONG, at.generation, at.now);
            });
        }
    }

    pub(crate) fn end(&self, writer: u8, part: WrittenPart) {
        self.change(part, |record, at| {
            let _ = record.end(operation(writer), at.generation, at.now);
        });
    }
}
