mod room;
mod shard;

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use shard::Shard;
use tokio::time::Instant;

use super::{IdempotencyStore, Inspection, Step, StoreError};
use crate::{
    clock::{Clock, SharedClock},
    semantics::retry::{Admission, Claim, KeyRecord, RecordId, Resolution, SealReason, Update},
};

const SHARDS: usize = 64;

/// A store of idempotency keys in the memory of this process. Clones share it.
///
/// Records are lost when the process ends. Use it for tests, and for services of one process
/// whose clients retry only while it lives.
///
/// It takes at most [`max_bytes`](Self::max_bytes), its own tables included. It never drops a
/// record before its time. A claim that does not fit is refused, so that the client gets 503
/// and may try again. A response that does not fit is not recorded, and its key is sealed.
/// Expired records are removed as new ones come.
#[derive(Clone)]
pub struct MemoryIdempotencyStore {
    shared: Arc<Shared>,
}

struct Shared {
    shards: Box<[Mutex<Shard>]>,
    /// The bytes that all shards take.
    used: AtomicUsize,
    max_bytes: usize,
    clock: SharedClock,
    /// The origin of times if no clock is set.
    created: Instant,
}

impl MemoryIdempotencyStore {
    /// Returns an empty store with the default limit.
    #[must_use]
    pub fn new() -> Self {
        Self::empty(64 << 20, SharedClock::default())
    }

    /// Sets the largest number of bytes that the store takes. Defaults to 64 MiB.
    ///
    /// Records that the store has already are dropped, so call it before the store is used.
    #[must_use]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self::empty(bytes, self.shared.clock.clone())
    }

    /// Sets the clock that leases and retention are measured on. Defaults to monotonic time,
    /// which nobody can set back or forward. Where the system stops it, as Linux does in
    /// standby, leases and retention wait too.
    ///
    /// Records that the store has already are dropped, so call it before the store is used.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self::empty(self.shared.max_bytes, SharedClock::new(clock))
    }

    fn empty(max_bytes: usize, clock: SharedClock) -> Self {
        Self {
            shared: Arc::new(Shared {
                shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
                used: AtomicUsize::new(0),
                max_bytes,
                clock,
                created: Instant::now(),
            }),
        }
    }

    /// Returns the number of bytes that the store takes now, its tables included.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.shared.used.load(Ordering::Relaxed)
    }

    /// Returns the number of records, expired ones included until they are removed.
    #[must_use]
    pub fn len(&self) -> usize {
        let shards = self.shared.shards.iter();
        shards.map(|shard| lock(shard).len()).sum()
    }

    /// Returns `true` if there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn now(&self) -> Duration {
        self.shared.clock.since(self.shared.created)
    }

    /// Runs a step on the shard of a record, and counts the bytes that it took or freed.
    fn step<T>(&self, id: &RecordId, step: impl FnOnce(&mut Shard, Budget<'_>) -> T) -> T {
        let index = usize::from(id.as_bytes()[31]) % SHARDS;
        let mut shard = lock(&self.shared.shards[index]);
        let before = shard.bytes();
        let budget = Budget {
            shared: &self.shared,
            before,
        };
        let result = step(&mut shard, budget);
        self.shared.count(before, shard.bytes());
        result
    }

    /// Runs a step of an attempt on its record.
    fn attempt(
        &self,
        step: Step,
        change: impl FnOnce(&mut KeyRecord<Bytes>, Duration) -> Update,
    ) -> Update {
        let now = self.now();
        self.step(&step.id, |shard, _| {
            let record = shard.get_mut(&step.id);
            record.map_or(Update::Lost, |record| change(record, now))
        })
    }
}

impl Shared {
    fn count(&self, before: usize, after: usize) {
        if after >= before {
            self.used.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.used.fetch_sub(before - after, Ordering::Relaxed);
        }
    }
}

/// The room that is left for all shards, in one step of one of them.
struct Budget<'a> {
    shared: &'a Shared,
    /// The bytes of the shard when the step began, which are among those in use.
    before: usize,
}

impl Budget<'_> {
    /// Returns `true` if a shard has room for more bytes than it takes now.
    fn has_room(&self, shard: &Shard, more: usize) -> bool {
        let used = self.shared.used.load(Ordering::Relaxed);
        let others = used.saturating_sub(self.before);
        let needed = others.saturating_add(shard.bytes()).saturating_add(more);
        needed <= self.shared.max_bytes
    }

    fn full(&self) -> StoreError {
        StoreError::not_applied(format!(
            "the store in memory is full: it takes at most {} bytes",
            self.shared.max_bytes
        ))
    }
}

/// A step never leaves a record half changed, so a panic elsewhere does not matter.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

// Each step is taken when its future is polled, and without a pause in between.
impl IdempotencyStore for MemoryIdempotencyStore {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        let now = self.now();
        self.step(&id, |shard, budget| {
            // Two for each that comes, so that the expired ones never pile up.
            shard.purge(2, now);
            let growth = shard.growth(&id);
            if growth > 0 && !budget.has_room(shard, growth) {
                return Err(budget.full());
            }
            Ok(shard.begin(id, &claim, now))
        })
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        Ok(self.attempt(step, |record, now| {
            record.renew(step.owner, step.fence, lease, now)
        }))
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        let now = self.now();
        self.step(&step.id, |shard, budget| {
            if !budget.has_room(shard, room::of_response(response.len())) {
                return Err(budget.full());
            }
            Ok(shard.store(&step.id, |record| {
                record.complete(step.owner, step.fence, response, now)
            }))
        })
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        Ok(self.attempt(step, |record, now| {
            record.release(step.owner, step.fence, now)
        }))
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        Ok(self.attempt(step, |record, now| {
            record.seal(step.owner, step.fence, reason, now)
        }))
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        let now = self.now();
        Ok(self.step(&id, |shard, _| {
            let record = shard.get_mut(&id);
            record.and_then(|record| Inspection::of(record, now))
        }))
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        let now = self.now();
        self.step(&id, |shard, budget| {
            let bytes = match &resolution {
                Resolution::Complete(response) => room::of_response(response.len()),
                Resolution::Release | Resolution::Seal => 0,
            };
            if !budget.has_room(shard, bytes) {
                return Err(budget.full());
            }
            Ok(shard.store(&id, |record| record.resolve(fence, resolution, now)))
        })
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        let now = self.now();
        let mut left = batch.get();
        for shard in &self.shared.shards {
            let mut shard = lock(shard);
            let before = shard.bytes();
            left -= shard.purge(left, now);
            self.shared.count(before, shard.bytes());
        }
        Ok(batch.get() - left)
    }
}

impl Default for MemoryIdempotencyStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryIdempotencyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryIdempotencyStore")
            .field("max_bytes", &self.shared.max_bytes)
            .field("used_bytes", &self.used_bytes())
            .finish_non_exhaustive()
    }
}
