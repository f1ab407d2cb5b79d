use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    semantics::{
        validator::Validators,
        validator_cache::{
            FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorKey, WriteEnd,
            WriteIntent, WriteTarget,
        },
    },
    store::{StoreError, ValidatorStore, validators::ValidatorEntry},
};

/// A cache as it is often written: any reader fills, and a write deletes once it has committed.
#[derive(Default)]
pub(super) struct NaiveCache(Mutex<HashMap<ValidatorKey, ValidatorEntry>>);

impl NaiveCache {
    fn entries(&self) -> MutexGuard<'_, HashMap<ValidatorKey, ValidatorEntry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delete(&self, target: WriteTarget) {
        self.entries().retain(|key, entry| match target {
            WriteTarget::Key(written) => *key != written,
            WriteTarget::Scope(scope) => !entry.scopes.contains(&scope),
            WriteTarget::All => false,
        });
    }
}

impl ValidatorStore for NaiveCache {
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        let found_stale = false;
        Ok(match (self.entries().get(&key), lease) {
            (Some(entry), _) => Lookup::Hit {
                entry: entry.validators.clone(),
                age: Duration::ZERO,
                ttl: entry.ttl,
            },
            (None, Some(reader)) => Lookup::Leased {
                grant: Grant::new(reader.id, 0, Duration::ZERO),
                found_stale,
            },
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
        self.entries().insert(key, entry);
        Ok(FillOutcome::Stored)
    }

    async fn begin_write(&self, _: WriteIntent) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        for target in &*intent.targets {
            self.delete(*target);
        }
        Ok(WriteEnd::Ended)
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        self.delete(target);
        Ok(())
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        None
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::SingleProcess
    }
}
