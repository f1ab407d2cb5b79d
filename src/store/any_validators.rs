use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use super::{
    StoreError, ValidatorStore,
    validators::{
        FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorEntry, ValidatorKey,
        WriteEnd, WriteIntent, WriteTarget,
    },
};
use crate::semantics::validator::Validators;

/// A store of validators whose type is chosen at run time. Clones share it.
///
/// Each step costs an allocation for its future, except [`try_lookup`](ValidatorStore::try_lookup).
#[derive(Clone)]
pub struct AnyValidatorStore(Arc<dyn ErasedStore>);

type BoxedStep<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The methods of a [`ValidatorStore`], with boxed futures.
trait ErasedStore: Send + Sync {
    fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> BoxedStep<'_, Lookup<Validators>>;
    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>>;
    fn release(&self, key: ValidatorKey, grant: Grant) -> BoxedStep<'_, ()>;
    fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> BoxedStep<'_, FillOutcome>;
    fn begin_write(&self, intent: WriteIntent) -> BoxedStep<'_, ()>;
    fn end_write(&self, intent: WriteIntent) -> BoxedStep<'_, WriteEnd>;
    fn invalidate(&self, target: WriteTarget) -> BoxedStep<'_, ()>;
    fn max_write_ttl(&self) -> Option<Duration>;
    fn guarantee(&self) -> Guarantee;
}

impl<S: ValidatorStore> ErasedStore for S {
    fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> BoxedStep<'_, Lookup<Validators>> {
        Box::pin(ValidatorStore::lookup(self, key, lease))
    }

    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        ValidatorStore::try_lookup(self, key, lease)
    }

    fn release(&self, key: ValidatorKey, grant: Grant) -> BoxedStep<'_, ()> {
        Box::pin(ValidatorStore::release(self, key, grant))
    }

    fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> BoxedStep<'_, FillOutcome> {
        Box::pin(ValidatorStore::fill(self, key, grant, entry))
    }

    fn begin_write(&self, intent: WriteIntent) -> BoxedStep<'_, ()> {
        Box::pin(ValidatorStore::begin_write(self, intent))
    }

    fn end_write(&self, intent: WriteIntent) -> BoxedStep<'_, WriteEnd> {
        Box::pin(ValidatorStore::end_write(self, intent))
    }

    fn invalidate(&self, target: WriteTarget) -> BoxedStep<'_, ()> {
        Box::pin(ValidatorStore::invalidate(self, target))
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        ValidatorStore::max_write_ttl(self)
    }

    fn guarantee(&self) -> Guarantee {
        ValidatorStore::guarantee(self)
    }
}

impl AnyValidatorStore {
    /// Returns the store without its type.
    pub fn new(store: impl ValidatorStore) -> Self {
        Self(Arc::new(store))
    }
}

impl ValidatorStore for AnyValidatorStore {
    fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> impl Future<Output = Result<Lookup<Validators>, StoreError>> + Send {
        self.0.lookup(key, lease)
    }

    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        self.0.try_lookup(key, lease)
    }

    fn release(
        &self,
        key: ValidatorKey,
        grant: Grant,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.0.release(key, grant)
    }

    fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> impl Future<Output = Result<FillOutcome, StoreError>> + Send {
        self.0.fill(key, grant, entry)
    }

    fn begin_write(
        &self,
        intent: WriteIntent,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.0.begin_write(intent)
    }

    fn end_write(
        &self,
        intent: WriteIntent,
    ) -> impl Future<Output = Result<WriteEnd, StoreError>> + Send {
        self.0.end_write(intent)
    }

    fn invalidate(
        &self,
        target: WriteTarget,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.0.invalidate(target)
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        self.0.max_write_ttl()
    }

    fn guarantee(&self) -> Guarantee {
        self.0.guarantee()
    }
}

impl fmt::Debug for AnyValidatorStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyValidatorStore")
            .field(&self.0.guarantee())
            .finish()
    }
}
