use std::{collections::HashMap, mem::size_of, time::Duration};

use super::{
    changes::Moment,
    hash::{TargetHash, TargetId},
};
use crate::{
    semantics::validator_cache::{OperationId, WriteEnd, WriteRecord, Writes},
    store::memory::room::{self, Table},
};

/// The writes of targets that were written lately, behind one lock.
///
/// Two tables take turns. Once the young one is full, the old one is dropped, and the young one
/// becomes old. The dropped writes then count for all targets: their entries are void if they
/// are as old as those writes. An announced write is never dropped.
pub(super) struct WriteTable {
    young: RecordTable,
    old: RecordTable,
    /// The dropped writes.
    dropped: Writes,
    /// Until then there is no room, and it is not looked for.
    full_until: Duration,
    max_bytes: usize,
}

/// The time between two searches for room. A search visits every record, and a write that finds no
/// room makes all targets slow for longer.
const SEARCH_PAUSE: Duration = Duration::from_secs(1);

#[derive(Default)]
struct RecordTable {
    records: HashMap<TargetId, WriteRecord, TargetHash>,
    table: Table,
    /// The bytes of the lists of intents.
    intents: usize,
}

const RECORD: usize = size_of::<(TargetId, WriteRecord)>();

impl WriteTable {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            young: RecordTable::default(),
            old: RecordTable::default(),
            dropped: Writes::default(),
            full_until: Duration::ZERO,
            max_bytes,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.young.bytes() + self.old.bytes()
    }

    pub(super) fn writes(&self, id: TargetId) -> Writes {
        let [young, old] = [&self.young, &self.old].map(|table| table.records.get(&id));
        let records = [young, old].into_iter().flatten().map(WriteRecord::writes);
        records.fold(self.dropped, Writes::and)
    }

    /// Announces a write. If there is no room, the write counts for all targets until it runs out.
    pub(super) fn begin(&mut self, target: TargetId, id: OperationId, ttl: Duration, at: Moment) {
        let begin = |record: &mut WriteRecord| record.begin(id, ttl, at.generation, at.now);
        if self.change(target, true, at.now, begin).is_none() {
            self.drop_record(|record| record.begin_unlisted(ttl, at.generation, at.now));
        }
    }

    pub(super) fn end(&mut self, target: TargetId, id: OperationId, at: Moment) -> WriteEnd {
        let end = |record: &mut WriteRecord| record.end(id, at.generation, at.now);
        let ended = match self.change(target, false, at.now, end) {
            Some(end) => end,
            None => {
                self.drop_record(|record| record.invalidate(at.generation));
                self.old.change(target, end).unwrap_or(WriteEnd::IntentLost)
            }
        };
        match ended {
            // It may be one that counts for all targets.
            WriteEnd::IntentLost if self.dropped.are_live(at.now) => WriteEnd::Ended,
            ended => ended,
        }
    }

    pub(super) fn invalidate(&mut self, target: TargetId, at: Moment) {
        let invalidate = |record: &mut WriteRecord| record.invalidate(at.generation);
        if self.change(target, false, at.now, invalidate).is_none() {
            self.drop_record(|record| record.invalidate(at.generation));
        }
    }

    /// Changes all targets, where there is no room for one.
    fn drop_record(&mut self, change: impl FnOnce(&mut WriteRecord)) {
        let mut record = WriteRecord::default();
        change(&mut record);
        self.dropped = self.dropped.and(record.writes());
    }

    /// Changes a record of the young table, which it enters if it is new or old. `None` if there
    /// is no room, for the record or for one more announcement in it.
    fn change<T>(
        &mut self,
        id: TargetId,
        announces: bool,
        now: Duration,
        change: impl FnOnce(&mut WriteRecord) -> T,
    ) -> Option<T> {
        if !self.has_room(id, announces) {
            if now < self.full_until {
                return None;
            }
            self.rotate(now);
            if !self.has_room(id, announces) {
                self.full_until = now.saturating_add(SEARCH_PAUSE);
                return None;
            }
        }
        if !self.young.records.contains_key(&id) {
            let record = self.old.remove(id).unwrap_or_default();
            self.young.insert(id, record);
        }
        self.young.change(id, change)
    }

    fn has_room(&self, id: TargetId, announces: bool) -> bool {
        let of_intent = match announces {
            true => self.intent_growth(id),
            false => 0,
        };
        let growth = of_intent + self.young.growth(id);
        let young = self.young.bytes() + growth;
        growth == 0 || young <= self.max_bytes / 2 && young + self.old.bytes() <= self.max_bytes
    }

    /// Returns the bytes that one more announcement adds to the record of this target.
    fn intent_growth(&self, id: TargetId) -> usize {
        let records = [&self.young, &self.old].map(|table| table.records.get(&id));
        let new = WriteRecord::default();
        let record = records.into_iter().flatten().next().unwrap_or(&new);
        let bytes = record.intent_bytes();
        room::of_allocation(bytes + record.intent_growth()) - room::of_allocation(bytes)
    }

    fn rotate(&mut self, now: Duration) {
        let young = std::mem::take(&mut self.young);
        let old = std::mem::replace(&mut self.old, young);
        for (id, mut record) in old.records {
            if record.is_written(now) {
                record.drop_expired(now);
                self.young.insert(id, record);
            } else {
                self.dropped = self.dropped.and(record.writes());
            }
        }
    }
}

impl RecordTable {
    fn bytes(&self) -> usize {
        self.table.bytes(RECORD) + self.intents
    }

    /// Returns the bytes that a record of this target adds.
    fn growth(&self, id: TargetId) -> usize {
        if self.records.len() < self.records.capacity() || self.records.contains_key(&id) {
            return 0;
        }
        self.table.next().bytes(RECORD) - self.table.bytes(RECORD)
    }

    fn insert(&mut self, id: TargetId, record: WriteRecord) {
        if self.records.len() == self.records.capacity() {
            self.records.reserve(1);
            self.table = Table::of(self.records.capacity());
        }
        self.intents += intents_of(&record);
        self.records.insert(id, record);
    }

    fn remove(&mut self, id: TargetId) -> Option<WriteRecord> {
        let record = self.records.remove(&id)?;
        self.intents -= intents_of(&record);
        Some(record)
    }

    fn change<T>(&mut self, id: TargetId, change: impl FnOnce(&mut WriteRecord) -> T) -> Option<T> {
        let record = self.records.get_mut(&id)?;
        let before = intents_of(record);
        let result = change(record);
        self.intents = self.intents - before + intents_of(record);
        Some(result)
    }
}

fn intents_of(record: &WriteRecord) -> usize {
    room::of_allocation(record.intent_bytes())
}
