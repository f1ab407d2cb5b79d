use std::{mem::size_of, time::Duration};

use super::{
    index::KeyIndex,
    packed::PackedEntry,
    writes::{TargetId, WriteTable, target_id},
};
use crate::{
    semantics::{
        validator::Validators,
        validator_cache::{
            FillOutcome, Grant, LeaseRequest, Lookup, ValidatorKey, ValidatorRecord, WriteRecord,
            Writes,
        },
    },
    store::memory::room,
};

/// A part of the entries, behind one lock.
pub(super) struct EntryShard {
    index: KeyIndex,
    slots: Vec<CachedSlot>,
    /// The next slot that may be evicted.
    hand: usize,
    /// The bytes of the entries.
    content: usize,
    max_bytes: usize,
    /// The writes of keys.
    pub(super) keys: WriteTable,
    /// The writes of everything.
    pub(super) all: WriteRecord,
}

struct CachedSlot {
    key: ValidatorKey,
    record: Option<ValidatorRecord<PackedEntry>>,
    /// The entry was found since the hand passed it.
    is_used: bool,
}

const SLOT: usize = size_of::<CachedSlot>();

/// The facts of one step: the time, and the store's last change.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Duration,
    pub(super) generation: u64,
}

impl EntryShard {
    pub(super) fn new(max_bytes: usize) -> Self {
        let of_writes = max_bytes / 8;
        Self {
            index: KeyIndex::default(),
            slots: Vec::new(),
            hand: 0,
            content: 0,
            max_bytes: max_bytes - of_writes,
            keys: WriteTable::new(of_writes),
            all: WriteRecord::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns the bytes that the shard takes.
    pub(super) fn bytes(&self) -> usize {
        self.entry_bytes() + self.keys.bytes()
    }

    fn entry_bytes(&self) -> usize {
        let intents = room::of_allocation(self.all.intent_bytes());
        self.index.bytes() + self.slots.capacity() * SLOT + self.content + intents
    }

    /// Returns the writes of a key, and of everything.
    pub(super) fn writes(&self, key: &ValidatorKey) -> Writes {
        let of_key = self.keys.writes(target_id(key.as_bytes()));
        of_key.and(self.all.writes())
    }

    pub(super) fn lookup(
        &mut self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
        at: Moment,
        writes_of: impl Fn(TargetId) -> Writes,
    ) -> Lookup<Validators> {
        let writes = self.writes(&key);
        let position = match self.find(&key) {
            Some(position) => position,
            None if writes.are_live(at.now) => return Lookup::WriteInProgress,
            None if lease.is_none() => {
                let found_stale = false;
                return Lookup::Miss { found_stale };
            }
            None if !self.make_room(Self::growth) => return Lookup::LeaseTaken,
            None => self.add(key),
        };
        let slot = &mut self.slots[position];
        let entry = slot.record.as_ref().and_then(ValidatorRecord::entry);
        let before = entry.map_or(0, PackedEntry::bytes);
        let scopes = entry.into_iter().flat_map(PackedEntry::scopes);
        let writes = scopes.map(writes_of).fold(writes, Writes::and);
        let found = ValidatorRecord::lookup(&mut slot.record, lease, writes, at.generation, at.now);
        let found = found.map(PackedEntry::validators);
        if matches!(found, Lookup::Hit { .. }) {
            slot.is_used = true;
            return found;
        }
        if lease.is_none() {
            return found;
        }
        // An entry that was found is void, and gone.
        self.content -= before;
        if self.slots[position].record.is_none() {
            self.remove(position);
        }
        found
    }

    /// Gives a lease back.
    pub(super) fn release(&mut self, key: &ValidatorKey, grant: &Grant) {
        let Some(position) = self.find(key) else {
            return;
        };
        let record = &mut self.slots[position].record;
        ValidatorRecord::release(record, grant);
        if record.is_none() {
            self.remove(position);
        }
    }

    /// Stores an entry, and evicts others if that is necessary.
    pub(super) fn fill(
        &mut self,
        key: &ValidatorKey,
        grant: &Grant,
        entry: PackedEntry,
        ttl: Duration,
        writes: Writes,
        now: Duration,
    ) -> FillOutcome {
        let Some(position) = self.find(key) else {
            return FillOutcome::Refused;
        };
        // Others are evicted first.
        self.slots[position].is_used = true;
        let bytes = entry.bytes();
        if !self.make_room(|_| bytes) {
            return FillOutcome::Refused;
        }
        let Some(position) = self.find(key) else {
            return FillOutcome::Refused;
        };
        let slot = &mut self.slots[position];
        slot.is_used = false;
        let outcome = ValidatorRecord::fill(&mut slot.record, grant, entry, ttl, writes, now);
        match outcome {
            FillOutcome::Stored => self.content += bytes,
            FillOutcome::Refused if slot.record.is_none() => self.remove(position),
            FillOutcome::Refused => {}
        }
        outcome
    }

    /// Makes room for one more announcement of a write of everything.
    pub(super) fn make_room_for_intent(&mut self) -> bool {
        self.make_room(|_| room::of_allocation(WriteRecord::INTENT_BYTES))
    }

    /// Returns the bytes that one more slot adds.
    fn growth(&self) -> usize {
        let is_full = self.slots.len() == self.slots.capacity();
        let slots = if is_full {
            room::step(self.slots.len())
        } else {
            0
        };
        self.index.growth() + slots * SLOT
    }

    /// Evicts slots until there is room. Returns `false` if there is none in an empty shard.
    fn make_room(&mut self, growth: impl Fn(&Self) -> usize) -> bool {
        while self.entry_bytes() + growth(self) > self.max_bytes {
            if self.slots.is_empty() {
                return false;
            }
            self.evict();
        }
        true
    }

    /// Removes the next slot that was not used since the hand passed it. Announced writes are not
    /// in slots, so none is lost. An evicted lease fills nothing.
    fn evict(&mut self) {
        loop {
            if self.hand >= self.slots.len() {
                self.hand = 0;
            }
            let slot = &mut self.slots[self.hand];
            if !std::mem::take(&mut slot.is_used) {
                break;
            }
            self.hand += 1;
        }
        self.remove(self.hand);
    }

    fn find(&self, key: &ValidatorKey) -> Option<usize> {
        let position = self.index.find(key, key_of(&self.slots))?;
        Some(position as usize)
    }

    /// Adds a slot without a record. The tables grow by as much as [`growth`](Self::growth) says.
    fn add(&mut self, key: ValidatorKey) -> usize {
        let len = self.slots.len();
        if len == self.slots.capacity() {
            self.slots.reserve_exact(room::step(len));
        }
        let position = u32::try_from(len).expect("fewer slots than a shard has memory for");
        self.index.insert(&key, position, key_of(&self.slots));
        self.slots.push(CachedSlot {
            key,
            record: None,
            is_used: false,
        });
        len
    }

    fn remove(&mut self, position: usize) {
        self.index
            .remove(&self.slots[position].key, key_of(&self.slots));
        if let Some(moved) = self
            .slots
            .last()
            .filter(|_| position + 1 < self.slots.len())
        {
            let position = u32::try_from(position).expect("the position of a slot");
            self.index.set(&moved.key, position, key_of(&self.slots));
        }
        let slot = self.slots.swap_remove(position);
        let entry = slot.record.as_ref().and_then(ValidatorRecord::entry);
        self.content -= entry.map_or(0, PackedEntry::bytes);
    }
}

fn key_of(slots: &[CachedSlot]) -> impl Fn(u32) -> ValidatorKey + Copy {
    move |position| slots[position as usize].key
}
