mod changes;
mod hash;
mod heads;
mod index;
mod packed;
mod shard;
mod shared;
#[cfg(test)]
mod tests;
mod writes;

use std::{
    fmt,
    sync::{Arc, atomic},
    time::Duration,
};

use shared::SharedEntries;

use super::checked_max_bytes;
use crate::{
    clock::{Clock, SharedClock},
    semantics::{
        validator::Validators,
        validator_cache::{
            FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorKey, WriteEnd,
            WriteIntent, WriteTarget,
        },
    },
    store::{StoreError, ValidatorStore, validators::ValidatorEntry},
};

/// A store of validators in the memory of this process. Clones share it.
///
/// A 304 from this store is never stale after writes that this process announced. It knows
/// nothing of other processes. Replicas share the store of `tower-conditional-redis`.
///
/// # Limits
///
/// The store takes at most [`max_bytes`](Self::max_bytes), its own tables included. While a
/// table grows, its old memory exists beside the new one.
///
/// If the store is full, a new entry replaces one that was not used lately. An announced write is
/// never replaced. If thousands of writes are under way and there is no room for another one,
/// nothing is answered or filled until that one runs out.
#[derive(Clone)]
pub struct MemoryValidatorStore {
    shared: Arc<SharedEntries>,
}

impl MemoryValidatorStore {
    /// Creates an empty store with the default limit.
    #[must_use]
    pub fn new() -> Self {
        Self::empty(64 << 20, SharedClock::default())
    }

    /// Sets the largest number of bytes that the store takes. Defaults to 64 MiB.
    ///
    /// Entries that the store has already are dropped, so call it before the store is used.
    ///
    /// # Panics
    ///
    /// Panics if it is less than 64 KiB, the size of the smallest table.
    #[must_use]
    #[track_caller]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self::empty(checked_max_bytes(bytes), self.shared.clock.clone())
    }

    /// Sets the clock that leases and lifetimes are measured on. Defaults to monotonic time,
    /// which nobody can set back or forward.
    ///
    /// On a clock that is set back, an entry lives longer by the length of the jump. An entry from
    /// the future is not used. So no entry lives for more than twice its time to live.
    ///
    /// Entries that the store has already are dropped, so call it before the store is used.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self::empty(self.shared.max_bytes, SharedClock::new(clock))
    }

    fn empty(max_bytes: usize, clock: SharedClock) -> Self {
        let shared = Arc::new(SharedEntries::new(max_bytes, clock));
        Self { shared }
    }

    /// Returns the number of bytes that the store takes now, its tables included.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.shared.used_bytes()
    }

    /// Returns the number of entries and leases. Those that are void or too old count until they
    /// are replaced.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Returns `true` if there is no entry and no lease.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

// Each step is taken when its future is polled, and without a pause in between.
impl ValidatorStore for MemoryValidatorStore {
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        Ok(self.shared.lookup(key, lease))
    }

    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        Some(Ok(self.shared.lookup(key, lease)))
    }

    async fn release(&self, key: ValidatorKey, grant: Grant) -> Result<(), StoreError> {
        self.shared.release(key, &grant);
        Ok(())
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, StoreError> {
        Ok(self.shared.fill(key, &grant, &entry))
    }

    async fn begin_write(&self, intent: WriteIntent) -> Result<(), StoreError> {
        self.shared.begin_write(&intent);
        Ok(())
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        Ok(self.shared.end_write(&intent))
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        self.shared.invalidate(target);
        Ok(())
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        None
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::SingleProcess
    }
}

impl Default for MemoryValidatorStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryValidatorStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryValidatorStore")
            .field("max_bytes", &self.shared.max_bytes)
            .field("used_bytes", &self.used_bytes())
            .finish_non_exhaustive()
    }
}
