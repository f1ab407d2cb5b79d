//! A cache as many applications have it: filled after a read, deleted after a write.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tower_conditional::{
    Validators,
    store::{
        StoreError,
        validators::{
            CacheScope, FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorEntry,
            ValidatorKey, ValidatorStore, WriteEnd, WriteIntent, WriteTarget,
        },
    },
};

type Entries = HashMap<ValidatorKey, (Validators, Arc<[CacheScope]>)>;

/// A store without leases and without announcements.
#[derive(Default)]
pub(crate) struct CacheAside(Mutex<Entries>);

impl CacheAside {
    fn forget(&self, target: WriteTarget) {
        self.0
            .lock()
            .unwrap()
            .retain(|key, (_, scopes)| match target {
                WriteTarget::Key(other) => *key != other,
                WriteTarget::Scope(scope) => !scopes.contains(&scope),
                _ => false,
            });
    }
}

impl ValidatorStore for CacheAside {
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        let ttl = Duration::from_secs(60);
        let found_stale = false;
        Ok(match (self.0.lock().unwrap().get(&key), lease) {
            (Some((entry, _)), _) => Lookup::Hit {
                age: Duration::ZERO,
                entry: entry.clone(),
                ttl,
            },
            (None, Some(request)) => {
                let grant = Grant::new(request.id, 0, Duration::ZERO);
                Lookup::Leased { grant, found_stale }
            }
            (None, None) => Lookup::Miss { found_stale },
        })
    }

    fn try_lookup(
        &self,
        _: ValidatorKey,
        _: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        None
    }

    async fn release(&self, _: ValidatorKey, _: Grant) -> Result<(), StoreError> {
        Ok(())
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        _: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, StoreError> {
        let entry = (entry.validators, entry.scopes);
        self.0.lock().unwrap().insert(key, entry);
        Ok(FillOutcome::Stored)
    }

    async fn begin_write(&self, _: WriteIntent) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        intent
            .targets
            .iter()
            .for_each(|target| self.forget(*target));
        Ok(WriteEnd::Ended)
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        self.forget(target);
        Ok(())
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        None
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::SingleProcess
    }
}
