use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    packed::PackedEntry,
    shard::{EntryShard, Moment},
    writes::{TargetId, WriteTable, target_id},
};
use crate::{
    clock::SharedClock,
    semantics::{
        validator::Validators,
        validator_cache::{
            FillOutcome, Grant, LeaseRequest, Lookup, ValidatorKey, WriteEnd, WriteIntent,
            WriteTarget, Writes,
        },
    },
    store::{memory::lock, validators::ValidatorEntry},
};

const MAX_SHARDS: usize = 64;
/// A smaller shard would have room for a few writes only.
const MIN_SHARD_BYTES: usize = 64 << 10;

/// The parts of a store, which its clones share.
pub(super) struct SharedEntries {
    entries: Box<[Mutex<EntryShard>]>,
    /// The writes of scopes. One lock of these may be taken inside one of `entries`.
    scopes: Box<[Mutex<WriteTable>]>,
    /// The number of changes.
    generation: AtomicU64,
    pub(super) max_bytes: usize,
    pub(super) clock: SharedClock,
    /// The origin of times if no clock is set.
    created: Instant,
}

impl SharedEntries {
    pub(super) fn new(max_bytes: usize, clock: SharedClock) -> Self {
        let max_bytes = max_bytes.max(MIN_SHARD_BYTES);
        let shards = (max_bytes / MIN_SHARD_BYTES).min(MAX_SHARDS);
        let of_shard = max_bytes / shards;
        let of_scopes = of_shard / 8;
        let entries = || Mutex::new(EntryShard::new(of_shard - of_scopes));
        let scopes = || Mutex::new(WriteTable::new(of_scopes));
        Self {
            entries: (0..shards).map(|_| entries()).collect(),
            scopes: (0..shards).map(|_| scopes()).collect(),
            generation: AtomicU64::new(0),
            max_bytes,
            clock,
            created: Instant::now(),
        }
    }

    pub(super) fn used_bytes(&self) -> usize {
        let (entries, scopes) = (self.entries.iter(), self.scopes.iter());
        entries.map(|shard| lock(shard).bytes()).sum::<usize>()
            + scopes.map(|table| lock(table).bytes()).sum::<usize>()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.iter().map(|shard| lock(shard).len()).sum()
    }

    pub(super) fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Lookup<Validators> {
        // Before the lock: a grant of an earlier time is refused more often, never less.
        let now = self.now();
        let mut shard = lock(self.entries_of(target_id(key.as_bytes())));
        // Every change after this has a later generation.
        let generation = self.generation.load(Ordering::Acquire);
        let at = Moment { now, generation };
        shard.lookup(key, lease, at, |scope| self.writes_of(scope))
    }

    pub(super) fn release(&self, key: ValidatorKey, grant: &Grant) {
        lock(self.entries_of(target_id(key.as_bytes()))).release(&key, grant);
    }

    pub(super) fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: &ValidatorEntry,
    ) -> FillOutcome {
        let now = self.now();
        let Some(packed) = PackedEntry::new(entry) else {
            return FillOutcome::Refused;
        };
        let mut shard = lock(self.entries_of(target_id(key.as_bytes())));
        let scopes = packed.scopes().map(|scope| self.writes_of(scope));
        let writes = scopes.fold(shard.writes(&key), Writes::and);
        shard.fill(&key, &grant, packed, entry.ttl, writes, now)
    }

    /// Announces a write for each of its targets. Returns `false` if there is no room.
    pub(super) fn begin_write(&self, intent: &WriteIntent) -> bool {
        let at = self.next_moment();
        let mut targets = intent.targets.iter();
        let is_begun = targets.all(|target| self.begin(target, intent, at));
        if !is_begun {
            // The targets before the one without room are free again.
            let _ = self.end_write(intent);
        }
        is_begun
    }

    /// Ends a write for each of its targets.
    pub(super) fn end_write(&self, intent: &WriteIntent) -> WriteEnd {
        let at = self.next_moment();
        let ends = intent.targets.iter();
        ends.map(|target| self.end(target, intent, at))
            .fold(WriteEnd::Ended, worse)
    }

    pub(super) fn invalidate(&self, target: WriteTarget) {
        let Moment { now, generation } = self.next_moment();
        match target {
            WriteTarget::Key(key) => {
                let key = target_id(key.as_bytes());
                let keys = &mut lock(self.entries_of(key)).keys;
                keys.invalidate(key, generation, now);
            }
            WriteTarget::Scope(scope) => {
                let scope = target_id(scope.as_bytes());
                lock(self.scopes_of(scope)).invalidate(scope, generation, now);
            }
            WriteTarget::All => {
                for shard in &self.entries {
                    lock(shard).all.invalidate(generation);
                }
            }
        }
    }

    fn now(&self) -> Duration {
        self.clock.since(self.created)
    }

    /// Returns the generation of the next change. It is larger than that of every grant before.
    fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn entries_of(&self, id: TargetId) -> &Mutex<EntryShard> {
        &self.entries[shard_of(id, self.entries.len())]
    }

    fn scopes_of(&self, id: TargetId) -> &Mutex<WriteTable> {
        &self.scopes[shard_of(id, self.scopes.len())]
    }

    fn writes_of(&self, scope: TargetId) -> Writes {
        lock(self.scopes_of(scope)).writes(scope)
    }

    fn begin(&self, target: &WriteTarget, intent: &WriteIntent, at: Moment) -> bool {
        let (id, ttl) = (intent.id, intent.ttl);
        let Moment { now, generation } = at;
        match target {
            WriteTarget::Key(key) => {
                let key = target_id(key.as_bytes());
                let keys = &mut lock(self.entries_of(key)).keys;
                keys.begin(key, id, ttl, generation, now)
            }
            WriteTarget::Scope(scope) => {
                let scope = target_id(scope.as_bytes());
                lock(self.scopes_of(scope)).begin(scope, id, ttl, generation, now)
            }
            WriteTarget::All => self.entries.iter().all(|shard| {
                let mut shard = lock(shard);
                let has_room = shard.make_room_for_intent();
                if has_room {
                    shard.all.begin(id, ttl, generation, now);
                }
                has_room
            }),
        }
    }

    fn end(&self, target: &WriteTarget, intent: &WriteIntent, at: Moment) -> WriteEnd {
        let Moment { now, generation } = at;
        match target {
            WriteTarget::Key(key) => {
                let key = target_id(key.as_bytes());
                let keys = &mut lock(self.entries_of(key)).keys;
                keys.end(key, intent.id, generation, now)
            }
            WriteTarget::Scope(scope) => {
                let scope = target_id(scope.as_bytes());
                lock(self.scopes_of(scope)).end(scope, intent.id, generation, now)
            }
            WriteTarget::All => {
                let ends = self.entries.iter();
                ends.map(|shard| lock(shard).all.end(intent.id, generation, now))
                    .fold(WriteEnd::Ended, worse)
            }
        }
    }

    /// Returns the moment of a change.
    fn next_moment(&self) -> Moment {
        Moment {
            now: self.now(),
            generation: self.next_generation(),
        }
    }
}

fn worse(end: WriteEnd, other: WriteEnd) -> WriteEnd {
    match end {
        WriteEnd::Ended => other,
        WriteEnd::IntentLost => end,
    }
}

fn shard_of(id: TargetId, shards: usize) -> usize {
    usize::from(id.to_be_bytes()[7]) % shards
}
