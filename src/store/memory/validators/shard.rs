use std::{iter, mem::size_of, num::NonZeroU64, time::Duration};

use super::{
    changes::PastChanges,
    hash::{TargetId, id_of_key},
    heads::{HeadNumber, HeadTable},
    index::KeyIndex,
    packed::PackedEntry,
    writes::WriteTable,
};
use crate::{
    semantics::{
        validator::Validators,
        validator_cache::{
            FillOutcome, Grant, LeaseRequest, Lookup, ValidatorKey, ValidatorRecord, Writes,
        },
    },
    store::{memory::room, validators::ValidatorEntry},
};

/// A part of the entries, behind one lock. Locks of two shards share no cache line.
#[repr(align(128))]
pub(super) struct EntryShard {
    index: KeyIndex,
    slots: Vec<CachedSlot>,
    /// The next slot that may be evicted.
    hand: usize,
    heads: HeadTable,
    /// The bytes of the entries that have an allocation.
    content: usize,
    max_bytes: usize,
    /// The writes of keys.
    pub(super) keys: WriteTable,
}

struct CachedSlot {
    key: ValidatorKey,
    record: Option<ValidatorRecord<PackedEntry>>,
    /// The last change of the store at which no write had touched the entry.
    checked: Option<NonZeroU64>,
    /// The entry was found since the hand passed it.
    is_used: bool,
}

const SLOT: usize = size_of::<CachedSlot>();

impl EntryShard {
    pub(super) fn new(max_bytes: usize) -> Self {
        let of_writes = max_bytes / 8;
        Self {
            index: KeyIndex::default(),
            slots: Vec::new(),
            hand: 0,
            heads: HeadTable::default(),
            content: 0,
            max_bytes: max_bytes - of_writes,
            keys: WriteTable::new(of_writes),
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
        let slots = self.slots.capacity() * SLOT;
        self.index.bytes() + slots + self.heads.bytes() + self.content
    }

    /// Returns the writes of a key.
    pub(super) fn writes(&self, key: &ValidatorKey) -> Writes {
        self.keys.writes(id_of_key(key))
    }

    /// Looks an entry up. `writes_of` returns the writes of scopes, and those of everything.
    pub(super) fn lookup(
        &mut self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
        past: PastChanges,
        now: impl Fn() -> Duration,
        writes_of: impl Fn(&mut dyn Iterator<Item = TargetId>) -> Writes,
    ) -> Lookup<Validators> {
        let is_written = || {
            let writes = self.writes(&key).and(writes_of(&mut iter::empty()));
            // Most keys were never written, and the time is not read for them.
            writes.are_live(Duration::ZERO) && writes.are_live(now())
        };
        let position = match self.find(&key) {
            Some(position) => position,
            None if is_written() => return Lookup::WriteInProgress,
            None if lease.is_none() => {
                let found_stale = false;
                return Lookup::Miss { found_stale };
            }
            None if !self.make_room(Self::growth) => return Lookup::LeaseTaken,
            None => self.add(key),
        };
        let writes = self.writes_of_slot(position, past, writes_of);
        let slot = &mut self.slots[position];
        let (head, bytes) = parts_of(slot);
        let (generation, now) = (past.generation, now());
        let found = ValidatorRecord::lookup(&mut slot.record, lease, writes, generation, now);
        let found = found.map(|entry| entry.validators(&self.heads));
        if matches!(found, Lookup::Hit { .. }) {
            // Memory that is only read is shared with other processors.
            if slot.checked != past.settled || !slot.is_used {
                (slot.checked, slot.is_used) = (past.settled, true);
            }
            return found;
        }
        if lease.is_none() {
            return found;
        }
        // An entry that was found is void, and gone.
        self.forget(head, bytes);
        if self.slots[position].record.is_none() {
            self.remove(position);
        }
        found
    }

    /// Returns the writes that the record of a slot depends on. There are none if nothing has
    /// changed since the last lookup, which most lookups find.
    fn writes_of_slot(
        &self,
        position: usize,
        past: PastChanges,
        writes_of: impl Fn(&mut dyn Iterator<Item = TargetId>) -> Writes,
    ) -> Writes {
        let slot = &self.slots[position];
        if slot.checked.is_some() && slot.checked == past.settled {
            return Writes::default();
        }
        let entry = slot.record.as_ref().and_then(ValidatorRecord::entry);
        let mut scopes = entry.into_iter().flat_map(PackedEntry::scopes);
        self.writes(&slot.key).and(writes_of(&mut scopes))
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
        entry: &ValidatorEntry,
        writes: Writes,
        now: Duration,
    ) -> FillOutcome {
        let Some(position) = self.find(key) else {
            return FillOutcome::Refused;
        };
        let Some(packed) = PackedEntry::new(entry, &mut self.heads) else {
            return FillOutcome::Refused;
        };
        // Others are evicted first.
        self.slots[position].is_used = true;
        let (head, bytes) = (packed.head(), packed.bytes());
        let has_room = self.make_room(|_| bytes);
        let position = self.find(key).filter(|_| has_room);
        self.content += bytes;
        let outcome = position.map_or(FillOutcome::Refused, |position| {
            let slot = &mut self.slots[position];
            (slot.is_used, slot.checked) = (false, None);
            ValidatorRecord::fill(&mut slot.record, grant, packed, entry.ttl, writes, now)
        });
        if outcome == FillOutcome::Refused {
            self.forget(head, bytes);
            if let Some(position) = position.filter(|at| self.slots[*at].record.is_none()) {
                self.remove(position);
            }
        }
        outcome
    }

    /// Notes that an entry with this head and these bytes is gone.
    fn forget(&mut self, head: Option<HeadNumber>, bytes: usize) {
        self.content -= bytes;
        if let Some(head) = head {
            self.heads.leave(head);
        }
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
            checked: None,
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
        let (head, bytes) = parts_of(&slot);
        self.forget(head, bytes);
    }
}

/// Returns the head of a slot's entry, and the bytes of its allocation.
fn parts_of(slot: &CachedSlot) -> (Option<HeadNumber>, usize) {
    let entry = slot.record.as_ref().and_then(ValidatorRecord::entry);
    entry.map_or((None, 0), |entry| (entry.head(), entry.bytes()))
}

fn key_of(slots: &[CachedSlot]) -> impl Fn(u32) -> ValidatorKey + Copy {
    move |position| slots[position as usize].key
}
