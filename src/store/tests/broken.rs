//! Stores with the faults that such stores have had. The suite must find each.

use std::{
    collections::HashMap,
    future::Future,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::task::yield_now;

use super::check;
use crate::{
    semantics::retry::{
        Admission, Claim, Fingerprint, RecordId, Resolution, Retention, SealReason, Update,
    },
    store::{IdempotencyStore, Inspection, MemoryIdempotencyStore, Step, StoreError},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    /// Whoever completes or releases, does.
    NoOwnerCheck,
    /// The record goes with the lease.
    LeaseIsRetention,
    /// A completion overwrites whatever is there.
    BlindComplete,
    /// The record is read, and written later.
    GetThenSet,
    /// A lease that ran out is taken over by anyone.
    SilentTakeover,
    /// A renewal is acknowledged and does nothing.
    NoRenewal,
    /// The content is compared with nothing.
    NoFingerprint,
    /// A claim that lost a race is answered by the record before it.
    StaleRead,
    /// A resolution whose answer was lost looks like that of somebody else.
    ResolvesOnce,
}

/// A store in memory with one fault.
struct Broken {
    store: MemoryIdempotencyStore,
    fault: Fault,
    /// The owner and the fence of the last attempt for each key.
    last: Mutex<Vec<Step>>,
    /// The request of the last attempt for each key.
    requests: Mutex<HashMap<RecordId, Fingerprint>>,
}

impl Broken {
    fn last(&self, id: RecordId) -> Option<Step> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().rev().find(|step| step.id == id).copied()
    }

    fn requests(&self) -> MutexGuard<'_, HashMap<RecordId, Fingerprint>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The step of whoever holds the key, if nobody checks who asks.
    fn unchecked(&self, step: Step) -> Step {
        match self.fault {
            Fault::NoOwnerCheck => self.last(step.id).unwrap_or(step),
            _ => step,
        }
    }
}

impl IdempotencyStore for Broken {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        let mut claim = claim;
        match self.fault {
            Fault::LeaseIsRetention => {
                claim.retention = Retention::new(Duration::ZERO);
            }
            Fault::SilentTakeover => claim.takeover = true,
            Fault::NoFingerprint => {
                claim.fingerprint = Fingerprint::custom("all");
            }
            Fault::GetThenSet if self.store.inspect(id).await?.is_none() => {
                yield_now().await;
                // The claim that came in between is overwritten.
                if let Some(last) = self.last(id) {
                    let _ = self.store.release(last).await;
                }
            }
            _ => {}
        }
        let stale = self.requests().get(&id).copied();
        if self.fault == Fault::StaleRead {
            yield_now().await;
        }
        let admission = self.store.begin(id, claim).await?;
        if let Some(stale) = stale
            && self.fault == Fault::StaleRead
            && matches!(admission, Admission::InFlight { .. })
            && stale.differs(&claim.fingerprint)
        {
            return Ok(Admission::Mismatch);
        }
        if let Admission::Started { fence, .. } = admission {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.push(Step::new(id, claim.owner, fence));
            self.requests().insert(id, claim.fingerprint);
        }
        Ok(admission)
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        if self.fault == Fault::NoRenewal {
            return Ok(Update::Applied);
        }
        self.store.renew(self.unchecked(step), lease).await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        let update = self
            .store
            .complete(self.unchecked(step), response.clone())
            .await?;
        if self.fault == Fault::BlindComplete && update == Update::Lost {
            return Ok(Update::Applied);
        }
        Ok(update)
    }

    fn release(&self, step: Step) -> impl Future<Output = Result<Update, StoreError>> + Send {
        self.store.release(self.unchecked(step))
    }

    fn seal(
        &self,
        step: Step,
        reason: SealReason,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send {
        self.store.seal(self.unchecked(step), reason)
    }

    fn inspect(
        &self,
        id: RecordId,
    ) -> impl Future<Output = Result<Option<Inspection>, StoreError>> + Send {
        self.store.inspect(id)
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        let found = self.store.inspect(id).await?;
        let is_other = found.is_none_or(|found| found.fence != fence);
        if self.fault == Fault::ResolvesOnce && is_other {
            return Ok(Update::Lost);
        }
        self.store.resolve(id, fence, resolution).await
    }

    fn purge(&self, batch: NonZeroUsize) -> impl Future<Output = Result<usize, StoreError>> + Send {
        self.store.purge(batch)
    }
}

#[tokio::test]
async fn stores_with_known_faults_are_rejected() {
    let faults = [
        (Fault::NoOwnerCheck, "a step of nobody is lost"),
        (
            Fault::LeaseIsRetention,
            "a lease that ran out is an unknown outcome",
        ),
        (Fault::BlindComplete, "a step of nobody is lost"),
        (Fault::GetThenSet, "of many claims at a time one is started"),
        (
            Fault::SilentTakeover,
            "a lease that ran out is an unknown outcome",
        ),
        (Fault::NoRenewal, "a step of nobody is lost"),
        (
            Fault::NoFingerprint,
            "another request with the key is a mismatch",
        ),
        (
            Fault::StaleRead,
            "a claim that lost a race sees the one that won",
        ),
        (
            Fault::ResolvesOnce,
            "a resolution that is delivered twice is one resolution",
        ),
    ];
    for (fault, rule) in faults {
        let around = |store| Broken {
            store,
            fault,
            last: Mutex::default(),
            requests: Mutex::default(),
        };
        let violation = check(around).await.expect_err("a fault");
        assert_eq!(violation.rule(), rule, "{fault:?}: {violation}");
    }
}
