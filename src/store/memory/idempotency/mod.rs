mod shard;

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use shard::Shard;
use tokio::time::Instant;

use super::{checked_max_bytes, lock, room};
use crate::{
    clock::{Clock, SharedClock},
    semantics::retry::{Admission, Claim, KeyRecord, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

const SHARDS: usize = 64;

/// A store of idempotency keys in the memory of this process. Clones share it.
///
/// Records are lost when the process ends. Use it for tests, and for services of one process
/// whose clients retry only while it lives.
///
/// # Limits
///
/// The store takes at most [`max_bytes`](Self::max_bytes), its own tables included. While a
/// table grows, its old memory exists beside the new one. Each recorded response is copied.
///
/// The store never drops a record before its time. A claim that does not fit is refused, so that
/// the client gets 503 and may try again. A response that does not fit is not recorded, and its
/// key is sealed. Expired records are removed as new ones come.
///
/// One caller can fill the store: 256 responses of 256 KiB fill the default of 64 MiB. All new
/// keys, of every caller, then get 503 until records expire, 24 hours after their completion by
/// default. Against this:
///
/// - Put a rate limit for each caller around the layer.
/// - Set a smaller limit for one response, with
///   [`max_response_bytes`](crate::IdempotencyLayer::max_response_bytes).
/// - Use a store with more room: `tower-conditional-sqlite`, `tower-conditional-postgres` or
///   `tower-conditional-redis`.
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
    /// Creates an empty store with the default limit.
    #[must_use]
    pub fn new() -> Self {
        Self::empty(64 << 20, SharedClock::default())
    }

    /// Sets the largest number of bytes that the store takes. Defaults to 64 MiB.
    ///
    /// Records that the store has already are dropped, so call it before the store is used.
    ///
    /// # Panics
    ///
    /// Panics if it is less than 64 KiB, which has no room for one common response.
    #[must_use]
    #[track_caller]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self::empty(checked_max_bytes(bytes), self.shared.clock.clone())
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
    fn step<T>(&self, id: &RecordId, step: impl FnOnce(&mut Shard, &mut Budget<'_>) -> T) -> T {
        let index = usize::from(id.as_bytes()[31]) % SHARDS;
        let mut shard = lock(&self.shared.shards[index]);
        let mut budget = Budget::of(&self.shared, &shard);
        let result = step(&mut shard, &mut budget);
        budget.settle(&shard);
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

/// The part of the bytes in use that one shard stands for, during one step.
struct Budget<'a> {
    shared: &'a Shared,
    /// The bytes of the shard that are counted, reserved ones included.
    counted: usize,
}

impl<'a> Budget<'a> {
    fn of(shared: &'a Shared, shard: &Shard) -> Self {
        let counted = shard.bytes();
        Self { shared, counted }
    }

    /// Reserves bytes before the shard takes them, since other shards grow at the same time.
    fn reserve(&mut self, shard: &Shard, more: usize) -> Result<(), StoreError> {
        self.settle(shard);
        let max = self.shared.max_bytes;
        let add = |used: usize| used.checked_add(more).filter(|used| *used <= max);
        let used = &self.shared.used;
        match used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add) {
            Ok(_) => {
                self.counted += more;
                Ok(())
            }
            Err(_) => Err(StoreError::not_applied(format!(
                "the store in memory is full: it takes at most {max} bytes"
            ))),
        }
    }

    /// Returns what the shard has freed, or reserved and not taken.
    fn settle(&mut self, shard: &Shard) {
        let bytes = shard.bytes();
        debug_assert!(bytes <= self.counted, "a step takes what it has reserved");
        let freed = self.counted.saturating_sub(bytes);
        self.shared.used.fetch_sub(freed, Ordering::Relaxed);
        self.counted = bytes;
    }
}

/// Returns a response in an allocation of its own size. A part of a larger buffer would keep
/// the whole buffer, which nobody counts.
fn exact(response: &Bytes) -> Bytes {
    let copy = Bytes::copy_from_slice(response);
    // The first clone allocates the counter, which is among the bytes that are counted.
    drop(copy.clone());
    copy
}

// Each step is taken when its future is polled, and without a pause in between.
impl IdempotencyStore for MemoryIdempotencyStore {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        let now = self.now();
        self.step(&id, |shard, budget| {
            // Two for each that comes, so that the expired ones never pile up.
            shard.purge(2, now);
            let growth = shard.growth(&id);
            // A full store still answers for the keys that it has.
            if growth > 0 {
                budget.reserve(shard, growth)?;
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
        let response = exact(&response);
        self.step(&step.id, |shard, budget| {
            let record = shard.get_mut(&step.id);
            // A repeated step takes nothing, so that a full store still answers it.
            if record.is_some_and(|record| record.is_held_by(step.owner, step.fence, now)) {
                budget.reserve(shard, room::of_response(response.len()))?;
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
        let (resolution, bytes) = match resolution {
            Resolution::Complete(response) => {
                let bytes = room::of_response(response.len());
                (Resolution::Complete(exact(&response)), bytes)
            }
            other @ (Resolution::Release | Resolution::Seal) => (other, 0),
        };
        self.step(&id, |shard, budget| {
            budget.reserve(shard, bytes)?;
            Ok(shard.store(&id, |record| record.resolve(fence, resolution, now)))
        })
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        let now = self.now();
        let mut left = batch.get();
        for shard in &self.shared.shards {
            let mut has_more = true;
            while has_more && left > 0 {
                let mut shard = lock(shard);
                let mut budget = Budget::of(&self.shared, &shard);
                let purged = shard.purge(left, now);
                budget.settle(&shard);
                has_more = purged.looked_at == left;
                left -= purged.removed;
            }
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
