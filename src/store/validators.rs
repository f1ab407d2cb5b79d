//! Stores of validators: a 304 before the handler runs, which is never stale.
//!
//! # How it works
//!
//! 1. A reader looks an entry up. If there is none, it gets the *lease* in the same step.
//! 2. The handler reads the state, and the reader fills the entry with its lease. A reader that
//!    cannot fill releases it.
//! 3. A writer announces its write before its handler runs. From then on, entries and leases of
//!    its targets are void, and nobody gets a lease until the write ends.
//!
//! A writer that dies leaves its announcement behind, which ends by itself. Until then the
//! target is slow, and never stale.
//!
//! # Limits
//!
//! The rules hold under these conditions:
//!
//! - A store acknowledges the announcement before the handler runs.
//! - A write changes nothing after the [`ttl`](WriteIntent::ttl) of its announcement.
//! - A reader reads from the database that writers write to, and not from a replica behind it.
//! - A write that is not announced is seen once the entry's [`ttl`](ValidatorEntry::ttl) is over.

use std::{future::Future, sync::Arc, time::Duration};

use super::{StoreError, forward::forward};
use crate::semantics::validator::Validators;
pub use crate::semantics::validator_cache::{
    CacheScope, FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, OperationId, ValidatorKey,
    ValidatorRecord, WriteEnd, WriteIntent, WriteRecord, WriteTarget, Writes,
};

/// A store of validators.
///
/// Each method is one atomic step, on the store's clock. The rules are those of
/// [`ValidatorRecord`] and [`WriteRecord`], which a store in memory can use as they are. Other
/// stores keep validators as [`Validators::encode`] returns them. Bytes that do not decode are
/// no entry.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store of validators",
    label = "not a store",
    note = "use `MemoryValidatorStore`, or the store of `tower-conditional-redis`, or implement `ValidatorStore`"
)]
pub trait ValidatorStore: Send + Sync + 'static {
    /// Looks up an entry. If there is none, leases the key in the same step.
    ///
    /// The same lease gets the same grant again, as long as no other reader has leased the key. So
    /// a caller whose answer was lost repeats the lookup, and releases the grant.
    ///
    /// A reader that will not fill asks for no `lease`. Its lookup stores nothing, and answers
    /// [`Lookup::Miss`] where it could have leased.
    fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> impl Future<Output = Result<Lookup<Validators>, StoreError>> + Send;

    /// Looks an entry up if the store can do so without waiting. `None` if
    /// [`lookup`](Self::lookup) has to be awaited.
    ///
    /// An answer has the same meaning as that of `lookup`, and the same effect.
    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>>;

    /// Gives a lease back, so that the next reader may fill at once. Does nothing if the key has
    /// another lease by now, or an entry.
    fn release(
        &self,
        key: ValidatorKey,
        grant: Grant,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores an entry, unless the lease is lost or somebody has written since.
    fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> impl Future<Output = Result<FillOutcome, StoreError>> + Send;

    /// Announces a write. Every entry and lease of its targets is void once this returns.
    ///
    /// If the answer is lost, announce the same write again. Do not run a handler whose write is
    /// not acknowledged.
    fn begin_write(
        &self,
        intent: WriteIntent,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends a write, whatever its result is. A write that never ends only makes reads slow, until
    /// its announcement runs out.
    fn end_write(
        &self,
        intent: WriteIntent,
    ) -> impl Future<Output = Result<WriteEnd, StoreError>> + Send;

    /// Makes entries void after a change that was not announced, for operators and for events
    /// from elsewhere. Leases are void too.
    fn invalidate(
        &self,
        target: WriteTarget,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns the longest time to live of a write that the store takes, or `None` if there is no
    /// limit.
    fn max_write_ttl(&self) -> Option<Duration>;

    /// Returns the promise about a 304 that is answered from this store.
    fn guarantee(&self) -> Guarantee;
}

/// An entry, and the terms on which it is remembered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ValidatorEntry {
    /// The validators, and the headers that a 304 repeats.
    pub validators: Validators,
    /// The scopes whose writes make the entry void.
    pub scopes: Arc<[CacheScope]>,
    /// The time to live, from the lookup. It bounds the effect of writes that nobody announces.
    pub ttl: Duration,
}

impl ValidatorEntry {
    /// Creates an entry without scopes, which lives for 60 seconds.
    #[must_use]
    pub fn new(validators: Validators) -> Self {
        Self {
            validators,
            scopes: Arc::new([]),
            ttl: Duration::from_secs(60),
        }
    }

    /// Sets the scopes whose writes make the entry void. Defaults to none.
    #[must_use]
    pub fn with_scopes(self, scopes: impl Into<Arc<[CacheScope]>>) -> Self {
        let scopes = scopes.into();
        Self { scopes, ..self }
    }

    /// Sets the time to live, from the lookup. Defaults to 60 seconds.
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }
}

impl<S: ValidatorStore> ValidatorStore for Arc<S> {
    forward! {
        lookup(key: ValidatorKey, lease: Option<LeaseRequest>) -> Lookup<Validators>;
        release(key: ValidatorKey, grant: Grant) -> ();
        fill(key: ValidatorKey, grant: Grant, entry: ValidatorEntry) -> FillOutcome;
        begin_write(intent: WriteIntent) -> ();
        end_write(intent: WriteIntent) -> WriteEnd;
        invalidate(target: WriteTarget) -> ();
    }

    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        S::try_lookup(self, key, lease)
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        S::max_write_ttl(self)
    }

    fn guarantee(&self) -> Guarantee {
        S::guarantee(self)
    }
}
