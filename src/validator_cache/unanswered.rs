//! Lookups whose answer nobody gets. The store may have granted a lease, and without its end the
//! key has no entry for the time to live of the lease.

use std::sync::Arc;

use super::{ValidatorCache, soft::pause};
use crate::{
    events,
    semantics::validator_cache::{LeaseRequest, Lookup, ValidatorKey},
    store::{PAUSES, ValidatorStore, within},
};

/// A lookup whose answer is awaited. If it is dropped before, its lease is given back.
pub(super) struct AwaitedLookup<'a, St: ValidatorStore> {
    cache: &'a ValidatorCache<St>,
    key: ValidatorKey,
    lease: Option<LeaseRequest>,
}

impl<'a, St: ValidatorStore> AwaitedLookup<'a, St> {
    pub(super) fn new(
        cache: &'a ValidatorCache<St>,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Self {
        Self { cache, key, lease }
    }

    /// The answer is there, or the time for it is over.
    pub(super) fn end(mut self) {
        self.lease = None;
    }
}

impl<St: ValidatorStore> Drop for AwaitedLookup<'_, St> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease {
            self.cache.return_lease(self.key, lease);
        }
    }
}

impl<St: ValidatorStore> ValidatorCache<St> {
    /// Gives the lease of a lookup back, as far as the store has granted one. It does so in a
    /// task, since the store may be slow, and may panic.
    pub(super) fn return_lease(&self, key: ValidatorKey, lease: LeaseRequest) {
        let places = Arc::clone(&self.state.return_places);
        let Ok(place) = places.try_acquire_owned() else {
            return;
        };
        let cache = self.clone();
        let step = self.settings.detached.finish_step(async move {
            cache.find_and_release(key, lease).await;
            drop(place);
        });
        // It has not been polled, so dropping it runs it in a task.
        drop(step);
    }

    /// Repeats a lookup, which gives the same grant, and releases that. Tries a few times.
    ///
    /// If the first lookup was never applied, the repetition may get a lease of its own. It is
    /// released too, and stays for its time to live only if every try fails.
    async fn find_and_release(&self, key: ValidatorKey, lease: LeaseRequest) {
        let (store, timeout) = (&self.settings.store, self.settings.store_timeout);
        // The store has just failed, or is slow.
        if !pause(PAUSES[0]).await {
            return;
        }
        let mut pauses = PAUSES.iter();
        let mut found = None;
        loop {
            let (step, error) = match found {
                None => match within(timeout, store.lookup(key, Some(lease))).await {
                    Ok(Lookup::Leased { grant, .. }) => {
                        found = Some(grant);
                        continue;
                    }
                    // Nothing was granted, or the grant is void.
                    Ok(_) => return,
                    Err(error) => ("lookup", error),
                },
                Some(grant) => match within(timeout, store.release(key, grant)).await {
                    Ok(()) => return,
                    Err(error) => ("release", error),
                },
            };
            events::validator_step_failed(step, &error);
            // The lease ends by itself.
            let Some(wait) = pauses.next() else { return };
            // The store is away, and nothing tells when it is back.
            if !pause(*wait).await {
                return;
            }
        }
    }
}
