use super::{ValidatorCache, lease_waiters::LeaseEnd};
use crate::{
    events,
    observe::exchange::ValidatorEvent,
    semantics::validator_cache::{FillOutcome, Grant, ValidatorKey},
    store::{ValidatorStore, validators::ValidatorEntry, within},
};

/// The lease of a reader. If it is dropped without an entry, the next reader gets the lease.
pub(super) struct HeldLease<St: ValidatorStore> {
    lease: Option<GrantedLease<St>>,
}

struct GrantedLease<St> {
    cache: ValidatorCache<St>,
    key: ValidatorKey,
    grant: Grant,
    /// Those who wait for this reader.
    lease_end: Option<LeaseEnd>,
}

impl<St: ValidatorStore> HeldLease<St> {
    pub(super) fn new(
        cache: &ValidatorCache<St>,
        key: ValidatorKey,
        grant: Grant,
        has_followers: bool,
    ) -> Self {
        Self {
            lease: Some(GrantedLease {
                cache: cache.clone(),
                key,
                grant,
                lease_end: has_followers.then(|| cache.state.waiters.lead(key)),
            }),
        }
    }

    /// Stores the entry. No response waits for the store.
    pub(super) fn fill(mut self, entry: ValidatorEntry) {
        if let Some(lease) = self.lease.take() {
            let cache = lease.cache.clone();
            cache.run_detached(lease.fill(entry));
        }
    }
}

impl<St: ValidatorStore> GrantedLease<St> {
    async fn fill(self, entry: ValidatorEntry) {
        let settings = &self.cache.settings;
        let step = settings.store.fill(self.key, self.grant, entry);
        match within(settings.store_timeout, step).await {
            Ok(FillOutcome::Stored) => events::validators(ValidatorEvent::Stored),
            Ok(FillOutcome::Refused) => events::fill_refused(),
            // The lease ends by itself, and nothing is stored without it.
            Err(error) => events::validator_step_failed("fill", &error),
        }
        drop(self.lease_end);
    }

    async fn release(self) {
        let settings = &self.cache.settings;
        let step = settings.store.release(self.key, self.grant);
        if let Err(error) = within(settings.store_timeout, step).await {
            events::validator_step_failed("release", &error);
        }
        drop(self.lease_end);
    }
}

impl<St: ValidatorStore> Drop for HeldLease<St> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            let cache = lease.cache.clone();
            cache.run_detached(lease.release());
        }
    }
}
