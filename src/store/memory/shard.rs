use std::{
    collections::{BTreeMap, BTreeSet},
    mem::size_of,
    time::Duration,
};

use bytes::Bytes;

use crate::semantics::retry::{Admission, Claim, KeyRecord, KeyState, RecordId, Update};

/// A part of the records, behind one lock.
///
/// Trees, since they grow record by record. A hash table doubles, and its room cannot be
/// told once records were removed.
#[derive(Default)]
pub(super) struct Shard {
    /// `None` only while a claim is decided.
    records: BTreeMap<RecordId, Box<Option<KeyRecord<Bytes>>>>,
    /// One entry for each record: the second in which to look if it may be removed.
    ends: BTreeSet<(u64, RecordId)>,
    /// The bytes of the recorded responses.
    content: usize,
}

/// The bytes of an allocation beside its content.
const ALLOCATION: usize = 16;

/// The bytes of a record without its response. Nodes of a tree are 5/8 full.
const RECORD: usize = ALLOCATION
    + size_of::<Option<KeyRecord<Bytes>>>()
    + (size_of::<RecordId>() + size_of::<usize>()) * 8 / 5
    + size_of::<(u64, RecordId)>() * 8 / 5;

/// The bytes of a response beside its content, with the counter that `Bytes` allocates.
const RESPONSE: usize = 2 * ALLOCATION + 24;

impl Shard {
    /// The bytes that one more record adds.
    pub(super) const GROWTH: usize = RECORD;

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns the bytes that the shard takes.
    pub(super) fn bytes(&self) -> usize {
        self.records.len() * RECORD + self.content
    }

    pub(super) fn contains(&self, id: &RecordId) -> bool {
        self.records.contains_key(id)
    }

    pub(super) fn get_mut(&mut self, id: &RecordId) -> Option<&mut KeyRecord<Bytes>> {
        self.records.get_mut(id).and_then(|slot| (**slot).as_mut())
    }

    pub(super) fn begin(&mut self, id: RecordId, claim: &Claim, now: Duration) -> Admission<Bytes> {
        let slot = self.records.entry(id).or_default();
        let before = (**slot).as_ref().map_or(0, response_of);
        let is_new = slot.is_none();
        let admission = KeyRecord::begin(slot, claim, now);
        if let Some(record) = (**slot).as_ref() {
            self.content = self.content - before + response_of(record);
            if is_new {
                self.ends.insert((end_of(record), id));
            }
        }
        admission
    }

    /// Changes a record whose response may change with it.
    pub(super) fn store(
        &mut self,
        id: &RecordId,
        change: impl FnOnce(&mut KeyRecord<Bytes>) -> Update,
    ) -> Update {
        let Some(record) = self.get_mut(id) else {
            return Update::Lost;
        };
        let before = response_of(record);
        let update = change(record);
        let after = response_of(record);
        self.content = self.content - before + after;
        update
    }

    /// Removes up to `batch` records that may be forgotten. Returns their number.
    ///
    /// A record whose retention was shortened since its first claim is removed when the first
    /// one is over.
    pub(super) fn purge(&mut self, batch: usize, now: Duration) -> usize {
        let mut removed = 0;
        while removed < batch {
            let due = self.ends.first().copied();
            let Some(due) = due.filter(|(end, _)| *end <= now.as_secs()) else {
                break;
            };
            self.ends.remove(&due);
            let id = due.1;
            let Some(record) = self.get_mut(&id) else {
                continue;
            };
            if record.is_forgotten(now) {
                let response = response_of(record);
                self.content -= response;
                self.records.remove(&id);
                removed += 1;
            } else {
                // Its time was extended since the entry was made.
                let end = end_of(record);
                self.ends.insert((end, id));
            }
        }
        removed
    }
}

/// The first whole second in which the record may be removed.
fn end_of(record: &KeyRecord<Bytes>) -> u64 {
    record.forgotten_at().as_secs().saturating_add(1)
}

fn response_of(record: &KeyRecord<Bytes>) -> usize {
    match record.state() {
        KeyState::Completed(response) => response.len() + RESPONSE,
        _ => 0,
    }
}
