use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    mem::size_of,
    time::Duration,
};

use bytes::Bytes;

use crate::{
    semantics::retry::{Admission, Claim, KeyRecord, KeyState, RecordId, Update},
    store::memory::room::{self, Table},
};

/// A part of the records, behind one lock.
///
/// Its memory is that of three tables, whose capacity is known, and of the responses.
#[derive(Default)]
pub(super) struct Shard {
    /// The index of each record in `slots`.
    index: HashMap<RecordId, u32>,
    /// The room of `index`, as it was when it was last changed.
    table: Table,
    slots: Vec<Slot>,
    /// One entry for each record: the second in which to look if it may be removed.
    ends: BinaryHeap<Reverse<(u64, RecordId)>>,
    /// The bytes of the recorded responses.
    content: usize,
}

struct Slot {
    id: RecordId,
    /// `None` only while a claim is decided.
    record: Option<KeyRecord<Bytes>>,
}

/// The records of one purge.
pub(super) struct Purged {
    pub(super) looked_at: usize,
    pub(super) removed: usize,
}

const SLOT: usize = size_of::<Slot>();
const END: usize = size_of::<Reverse<(u64, RecordId)>>();
const INDEX: usize = size_of::<(RecordId, u32)>();

impl Shard {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns the bytes that the shard takes.
    pub(super) fn bytes(&self) -> usize {
        let (slots, ends) = (self.slots.capacity(), self.ends.capacity());
        self.table.bytes(INDEX) + slots * SLOT + ends * END + self.content
    }

    /// Returns the bytes that a claim of this key adds.
    pub(super) fn growth(&self, id: &RecordId) -> usize {
        if self.index.contains_key(id) {
            return 0;
        }
        let mut bytes = 0;
        if self.index.len() == self.index.capacity() {
            bytes += self.table.next().bytes(INDEX) - self.table.bytes(INDEX);
        }
        if self.slots.len() == self.slots.capacity() {
            bytes += room::step(self.slots.len()) * SLOT;
        }
        if self.ends.len() == self.ends.capacity() {
            bytes += room::step(self.ends.len()) * END;
        }
        bytes
    }

    pub(super) fn get_mut(&mut self, id: &RecordId) -> Option<&mut KeyRecord<Bytes>> {
        let index = *self.index.get(id)?;
        self.slots[index as usize].record.as_mut()
    }

    pub(super) fn begin(&mut self, id: RecordId, claim: &Claim, now: Duration) -> Admission<Bytes> {
        let index = match self.index.get(&id) {
            Some(index) => *index,
            None => self.add(id),
        };
        let slot = &mut self.slots[index as usize].record;
        let before = slot.as_ref().map_or(0, response_of);
        let is_new = slot.is_none();
        let admission = KeyRecord::begin(slot, claim, now);
        if let Some(record) = slot {
            self.content = self.content - before + response_of(record);
            if is_new {
                self.ends.push(Reverse((end_of(record), id)));
            }
        }
        admission
    }

    /// Adds an empty slot. Each table grows by as much as [`growth`](Self::growth) says.
    fn add(&mut self, id: RecordId) -> u32 {
        if self.index.len() == self.index.capacity() {
            self.index.reserve(1);
            self.table = Table::of(self.index.capacity());
        }
        let len = self.slots.len();
        if len == self.slots.capacity() {
            self.slots.reserve_exact(room::step(len));
        }
        if len == self.ends.capacity() {
            self.ends.reserve_exact(room::step(len));
        }
        let index = u32::try_from(len).expect("fewer records than a shard has memory for");
        self.index.insert(id, index);
        self.slots.push(Slot { id, record: None });
        index
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

    /// Looks at up to `batch` records whose time may be over, and removes those that may be
    /// forgotten. The lock is held for no longer than that takes.
    ///
    /// A record whose retention was shortened since its first claim is removed when the first
    /// one is over.
    pub(super) fn purge(&mut self, batch: usize, now: Duration) -> Purged {
        let (mut looked_at, mut removed) = (0, 0);
        while looked_at < batch {
            let Some(Reverse((end, id))) = self.ends.peek().copied() else {
                break;
            };
            if end > now.as_secs() {
                break;
            }
            self.ends.pop();
            looked_at += 1;
            let Some(record) = self.get_mut(&id) else {
                continue;
            };
            if record.is_forgotten(now) {
                self.content -= response_of(record);
                self.remove(&id);
                removed += 1;
            } else {
                // Its time was extended since the entry was made.
                let end = end_of(record);
                self.ends.push(Reverse((end, id)));
            }
        }
        if removed > 0 {
            self.shrink();
        }
        Purged { looked_at, removed }
    }

    fn remove(&mut self, id: &RecordId) {
        let Some(index) = self.index.remove(id) else {
            return;
        };
        self.slots.swap_remove(index as usize);
        // The last slot has moved to the place of the removed one.
        if let Some(moved) = self.slots.get(index as usize) {
            self.index.insert(moved.id, index);
        }
    }

    /// Gives memory back once three quarters of it are unused.
    fn shrink(&mut self) {
        let len = self.slots.len();
        let is_sparse = |capacity: usize| len <= capacity / 4;
        if is_sparse(self.index.capacity()) {
            self.index.shrink_to(2 * len);
            self.table = Table::of(self.index.capacity());
        }
        if is_sparse(self.slots.capacity()) {
            self.slots.shrink_to(2 * len);
        }
        if is_sparse(self.ends.capacity()) {
            self.ends.shrink_to(2 * len);
        }
    }
}

/// The first whole second in which the record may be removed.
fn end_of(record: &KeyRecord<Bytes>) -> u64 {
    record.forgotten_at().as_secs().saturating_add(1)
}

fn response_of(record: &KeyRecord<Bytes>) -> usize {
    match record.state() {
        KeyState::Completed(response) => room::of_response(response.len()),
        _ => 0,
    }
}
