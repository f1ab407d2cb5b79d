use std::{sync::Mutex, time::Duration};

use tokio::time::Instant;

use super::{
    changes::{Changes, Moment},
    hash::{TargetHash, TargetId, id_of_key, id_of_scope},
    shard::EntryShard,
    writes::WriteTable,
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

/// The name of everything in the table of its own.
const EVERYTHING: TargetId = 0;

/// The parts of a store, which its clones share.
pub(super) struct SharedEntries {
    entries: Box<[Mutex<EntryShard>]>,
    /// The writes of scopes. One lock of these may be taken inside one of `entries`.
    scopes: Box<[Mutex<WriteTable>]>,
    /// The writes of everything. The lock may be taken inside one of `entries`.
    everything: Mutex<WriteTable>,
    changes: Changes,
    hash: TargetHash,
    pub(super) max_bytes: usize,
    pub(super) clock: SharedClock,
    /// The origin of times if no clock is set.
    created: Instant,
}

impl SharedEntries {
    pub(super) fn new(max_bytes: usize, clock: SharedClock) -> Self {
        let max_bytes = max_bytes.max(MIN_SHARD_BYTES);
        let shards = (max_bytes / MIN_SHARD_BYTES).min(MAX_SHARDS);
        let of_writes = max_bytes / shards / 8;
        // One table of writes is that of everything.
        let of_shard = (max_bytes - of_writes) / shards - of_writes;
        let entries = || Mutex::new(EntryShard::new(of_shard));
        let scopes = || Mutex::new(WriteTable::new(of_writes));
        Self {
            entries: (0..shards).map(|_| entries()).collect(),
            scopes: (0..shards).map(|_| scopes()).collect(),
            everything: scopes(),
            changes: Changes::default(),
            hash: TargetHash::default(),
            max_bytes,
            clock,
            created: Instant::now(),
        }
    }

    pub(super) fn used_bytes(&self) -> usize {
        let (entries, scopes) = (self.entries.iter(), self.scopes.iter());
        entries.map(|shard| lock(shard).bytes()).sum::<usize>()
            + scopes.map(|table| lock(table).bytes()).sum::<usize>()
            + lock(&self.everything).bytes()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.iter().map(|shard| lock(shard).len()).sum()
    }

    pub(super) fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Lookup<Validators> {
        let mut shard = lock(self.entries_of(id_of_key(&key)));
        let past = self.changes.past();
        let writes_of = |scopes: &mut dyn Iterator<Item = TargetId>| self.writes_of(scopes);
        shard.lookup(key, lease, past, || self.now(), writes_of)
    }

    pub(super) fn release(&self, key: ValidatorKey, grant: &Grant) {
        lock(self.entries_of(id_of_key(&key))).release(&key, grant);
    }

    pub(super) fn fill(
        &self,
        key: ValidatorKey,
        grant: &Grant,
        entry: &ValidatorEntry,
    ) -> FillOutcome {
        let now = self.now();
        let mut shard = lock(self.entries_of(id_of_key(&key)));
        let scopes = entry.scopes.iter().map(id_of_scope);
        let writes = shard.writes(&key).and(self.writes_of(scopes));
        shard.fill(&key, grant, entry, writes, now)
    }

    /// Announces a write for each of its targets.
    pub(super) fn begin_write(&self, intent: &WriteIntent) {
        self.changes.apply(self.now(), |at| {
            for target in &*intent.targets {
                self.begin(target, intent, at);
            }
        });
    }

    /// Ends a write for each of its targets.
    pub(super) fn end_write(&self, intent: &WriteIntent) -> WriteEnd {
        self.changes.apply(self.now(), |at| {
            let ends = intent.targets.iter();
            ends.map(|target| self.end(target, intent, at))
                .fold(WriteEnd::Ended, worse)
        })
    }

    pub(super) fn invalidate(&self, target: WriteTarget) {
        self.changes.apply(self.now(), |at| match target {
            WriteTarget::Key(key) => {
                let key = id_of_key(&key);
                let keys = &mut lock(self.entries_of(key)).keys;
                keys.invalidate(key, at);
            }
            WriteTarget::Scope(scope) => {
                let scope = id_of_scope(&scope);
                lock(self.scopes_of(scope)).invalidate(scope, at);
            }
            WriteTarget::All => lock(&self.everything).invalidate(EVERYTHING, at),
        });
    }

    fn now(&self) -> Duration {
        self.clock.since(self.created)
    }

    fn entries_of(&self, id: TargetId) -> &Mutex<EntryShard> {
        &self.entries[self.shard_of(id, self.entries.len())]
    }

    fn scopes_of(&self, id: TargetId) -> &Mutex<WriteTable> {
        &self.scopes[self.shard_of(id, self.scopes.len())]
    }

    /// The tables of a shard have hashes of their own.
    fn shard_of(&self, id: TargetId, shards: usize) -> usize {
        let fraction = self.hash.of(id) >> 32;
        ((fraction * shards as u64) >> 32) as usize
    }

    /// Returns the writes of these scopes, and of everything.
    fn writes_of(&self, scopes: impl Iterator<Item = TargetId>) -> Writes {
        let writes = scopes.map(|scope| lock(self.scopes_of(scope)).writes(scope));
        let of_everything = lock(&self.everything).writes(EVERYTHING);
        writes.fold(of_everything, Writes::and)
    }

    fn begin(&self, target: &WriteTarget, intent: &WriteIntent, at: Moment) {
        let (id, ttl) = (intent.id, intent.ttl);
        match target {
            WriteTarget::Key(key) => {
                let key = id_of_key(key);
                let keys = &mut lock(self.entries_of(key)).keys;
                keys.begin(key, id, ttl, at);
            }
            WriteTarget::Scope(scope) => {
                let scope = id_of_scope(scope);
                lock(self.scopes_of(scope)).begin(scope, id, ttl, at);
            }
            WriteTarget::All => lock(&self.everything).begin(EVERYTHING, id, ttl, at),
        }
    }

    fn end(&self, target: &WriteTarget, intent: &WriteIntent, at: Moment) -> WriteEnd {
        match target {
            WriteTarget::Key(key) => {
                let key = id_of_key(key);
                let keys = &mut lock(self.entries_of(key)).keys;
                keys.end(key, intent.id, at)
            }
            WriteTarget::Scope(scope) => {
                let scope = id_of_scope(scope);
                lock(self.scopes_of(scope)).end(scope, intent.id, at)
            }
            WriteTarget::All => lock(&self.everything).end(EVERYTHING, intent.id, at),
        }
    }
}

fn worse(end: WriteEnd, other: WriteEnd) -> WriteEnd {
    match end {
        WriteEnd::Ended => other,
        WriteEnd::IntentLost => end,
    }
}
