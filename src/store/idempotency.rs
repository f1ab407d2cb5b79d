use std::{future::Future, num::NonZeroUsize, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{StoreError, forward::forward};
use crate::semantics::retry::{
    Admission, Claim, KeyRecord, KeyState, Owner, RecordId, Resolution, SealReason, Update,
};

/// A store of idempotency keys.
///
/// Each method is one atomic step, on the store's clock. A step of an attempt is conditional on
/// its owner and its fence, and counts once however often it is delivered. The rules are those
/// of [`KeyRecord`], which a store in memory can use as they are.
///
/// Responses are opaque bytes: the layer encodes them, and may encrypt them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store of idempotency keys",
    label = "not a store",
    note = "use `MemoryIdempotencyStore`, or the store of `tower-conditional-sqlite`, `tower-conditional-postgres` or `tower-conditional-redis`, or implement `IdempotencyStore`"
)]
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Claims a key, or tells why it is taken.
    ///
    /// A claim that is repeated has the same owner, and is one claim. After its lease it gets a new
    /// lease and a new fence, unless another attempt took over or the key was settled. So a claimant
    /// repeats its claim only if nothing ran for it, or if its effect was undone.
    fn begin(
        &self,
        id: RecordId,
        claim: Claim,
    ) -> impl Future<Output = Result<Admission<Bytes>, StoreError>> + Send;

    /// Extends the lease of an attempt to `lease` from now.
    fn renew(
        &self,
        step: Step,
        lease: Duration,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Records the response of an attempt. It is durable once this returns.
    fn complete(
        &self,
        step: Step,
        response: Bytes,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Frees the key of an attempt that changed nothing.
    fn release(&self, step: Step) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Ends an attempt whose response cannot be repeated.
    fn seal(
        &self,
        step: Step,
        reason: SealReason,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Returns the state of a key, for operators. `None` if there is no record, or an expired
    /// one.
    fn inspect(
        &self,
        id: RecordId,
    ) -> impl Future<Output = Result<Option<Inspection>, StoreError>> + Send;

    /// Settles an attempt whose outcome is unknown, for operators who found it out.
    /// [`Update::Lost`] if the key has another fence by now, or is not in doubt. A resolution
    /// that is delivered twice counts once: the second delivery is [`Update::Applied`] too.
    ///
    /// Decide within the retention. The fences of a key start again once its record is purged, so
    /// an older decision could settle another attempt.
    fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Removes up to `batch` records whose retention and tombstone are over. Returns the number
    /// of removed records. Records expire without it, too: this only returns their room. A store
    /// whose server frees expired records by itself removes nothing, and returns 0.
    fn purge(&self, batch: NonZeroUsize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

/// The record, the owner and the fence of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The record.
    pub id: RecordId,
    /// The attempt.
    pub owner: Owner,
    /// The fence that the attempt was given.
    pub fence: u64,
}

impl Step {
    /// Creates a step of an attempt.
    #[must_use]
    pub fn new(id: RecordId, owner: Owner, fence: u64) -> Self {
        Self { id, owner, fence }
    }
}

/// The state of a key, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The state, with the encoded response if the request was performed.
    pub state: KeyState<Bytes>,
    /// The last attempt was lost: its outcome is unknown until it is resolved.
    pub is_unknown: bool,
    /// The fence of the last attempt.
    pub fence: u64,
    /// The number of the last attempt, from 1.
    pub attempt: u32,
}

impl Inspection {
    /// Creates the state of a key, for stores that keep records in their own way.
    #[must_use]
    pub fn new(state: KeyState<Bytes>, is_unknown: bool, fence: u64, attempt: u32) -> Self {
        Self {
            state,
            is_unknown,
            fence,
            attempt,
        }
    }

    /// Returns the state of a record. `None` if it has expired.
    #[must_use]
    pub fn of(record: &KeyRecord<Bytes>, now: Duration) -> Option<Self> {
        (!record.is_expired(now)).then(|| Self {
            state: record.state().clone(),
            is_unknown: record.is_unknown(now),
            fence: record.fence(),
            attempt: record.attempt(),
        })
    }
}

impl<S: IdempotencyStore> IdempotencyStore for Arc<S> {
    forward! {
        begin(id: RecordId, claim: Claim) -> Admission<Bytes>;
        renew(step: Step, lease: Duration) -> Update;
        complete(step: Step, response: Bytes) -> Update;
        release(step: Step) -> Update;
        seal(step: Step, reason: SealReason) -> Update;
        inspect(id: RecordId) -> Option<Inspection>;
        resolve(id: RecordId, fence: u64, resolution: Resolution<Bytes>) -> Update;
        purge(batch: NonZeroUsize) -> usize;
    }
}
