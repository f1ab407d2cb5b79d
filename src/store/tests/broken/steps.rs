//! The steps of the store, each with its faults.

use std::{num::NonZeroUsize, sync::PoisonError, time::Duration};

use bytes::Bytes;
use tokio::task::yield_now;

use super::{StoreFault, store::BrokenStore};
use crate::{
    semantics::retry::{Admission, Claim, KeyState, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

impl IdempotencyStore for BrokenStore {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        let claim = self.faulty_claim(claim);
        let (state, is_forgotten) = self.with_entry(id, |entry, now| {
            let record = entry.record.as_ref();
            let is_forgotten = record.is_none_or(|record| record.is_forgotten(now));
            (record.map(|record| record.state().clone()), is_forgotten)
        });
        let is_overwritten = match self.fault {
            Some(StoreFault::GetThenSet) => state.is_none(),
            Some(StoreFault::GetThenReuse) => state == Some(KeyState::Released),
            _ => false,
        };
        if is_overwritten {
            yield_now().await;
            // A claim that came in between is overwritten.
            self.with_entry(id, |entry, _| entry.record = None);
        }
        let is_stale = is_forgotten && self.has(StoreFault::StaleAnswer);
        if is_stale {
            yield_now().await;
        }
        let admission = self.with_entry(id, |entry, now| {
            if self.has(StoreFault::LeaseIsAbsence) && entry.is_unknown(now) {
                entry.record = None;
            }
            let is_over = entry.lease_until().is_some() && entry.expires <= now;
            if self.has(StoreFault::RenewalKeepsExpiry) && is_over {
                entry.record = None;
            }
            let own = entry.holder.filter(|holder| holder.owner == claim.owner);
            match (self.fault, own) {
                (Some(StoreFault::LosesOwnClaim), Some(Step { fence, .. }))
                    if entry.is_unknown(now) =>
                {
                    Admission::Unknown { fence }
                }
                (Some(StoreFault::RepeatsFence), Some(Step { fence, .. }))
                    if entry.is_unknown(now) =>
                {
                    Admission::Started {
                        fence,
                        attempt: 1,
                        takes_over: false,
                    }
                }
                _ => entry.begin(id, &claim, now),
            }
        });
        Ok(match (admission, state) {
            (started @ Admission::Started { .. }, _) => started,
            // The claim was decided by what was read at first.
            (_, Some(KeyState::Completed(response))) if is_stale => Admission::Replay(response),
            (admission, _) => admission,
        })
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        self.update(step, |entry, step, now| {
            let end = entry.lease_until().unwrap_or(now);
            let (from, lease) = match self.fault {
                Some(StoreFault::NoRenewal) => (now, end.saturating_sub(now)),
                Some(StoreFault::RenewalAddsUp) => (now, end.saturating_sub(now) + lease),
                // As if it had come just in time.
                Some(StoreFault::RenewsLostLease) if entry.is_unknown(now) => {
                    (end.saturating_sub(Duration::from_nanos(1)), lease)
                }
                _ => (now, lease),
            };
            entry.change(|record| record.renew(step.owner, step.fence, lease, from))
        })
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        self.update(step, |entry, step, now| {
            if entry.is_completed() && self.has(StoreFault::CompletesOnce) {
                return Update::Lost;
            }
            if entry.is_completed() && self.has(StoreFault::BlindComplete) {
                entry.overwrite(response, now);
                return Update::Applied;
            }
            let claimed_at = entry.claimed_at;
            let counts_from_claim = self.has(StoreFault::RetentionFromClaim);
            entry.change(|record| {
                let is_held = record.is_held_by(step.owner, step.fence, now);
                let from = if is_held && counts_from_claim {
                    claimed_at
                } else {
                    now
                };
                record.complete(step.owner, step.fence, response, from)
            })
        })
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        self.update(step, |entry, mut step, now| {
            if entry.released.contains(&step) {
                match (self.fault, entry.holder) {
                    (Some(StoreFault::ReleaseDeletes), _) if entry.record.is_none() => {
                        return Update::Applied;
                    }
                    (Some(StoreFault::LateRelease), Some(holder)) => step = holder,
                    _ => {}
                }
            }
            let update = entry.change(|record| record.release(step.owner, step.fence, now));
            if update == Update::Applied {
                entry.released.push(step);
                if self.has(StoreFault::ReleaseDeletes) {
                    entry.record = None;
                }
            }
            update
        })
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        let reason = match self.fault {
            Some(StoreFault::OneSealReason) => SealReason::Policy,
            _ => reason,
        };
        self.update(step, |entry, step, now| {
            entry.change(|record| record.seal(step.owner, step.fence, reason, now))
        })
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        Ok(self.with_entry(id, |entry, now| {
            let record = entry.record.as_ref();
            let mut inspected = record.and_then(|record| Inspection::of(record, now));
            let is_over = entry.lease <= now.saturating_sub(entry.claimed_at);
            if let Some(found) = &mut inspected
                && self.has(StoreFault::InspectsByLease)
            {
                found.is_unknown = is_over;
            }
            inspected
        }))
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        Ok(self.with_entry(id, |entry, now| {
            let is_unknown = entry.is_unknown(now);
            if !is_unknown && self.has(StoreFault::ResolvesOnce) {
                return Update::Lost;
            }
            // The operator has taken the next fence.
            let is_resolved = entry
                .record
                .as_ref()
                .is_some_and(|record| record.fence() == fence + 1);
            if is_resolved && self.has(StoreFault::ResolvesBlindly) {
                return Update::Applied;
            }
            let (mut fence, mut from) = (fence, now);
            match self.fault {
                Some(StoreFault::ResolvesAnyFence) => {
                    fence = entry.holder.map_or(fence, |holder| holder.fence);
                }
                Some(StoreFault::ResolvesLiveAttempt) => {
                    from = entry.lease_until().unwrap_or(now);
                }
                _ => {}
            }
            entry.change(|record| record.resolve(fence, resolution, from))
        }))
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        let now = self.now();
        let mut left = match self.fault {
            Some(StoreFault::PurgesAll) => usize::MAX,
            Some(StoreFault::PurgesNothing) => 0,
            _ => batch.get(),
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has(StoreFault::PurgesByLease) {
            entries.retain(|_, entry| !entry.is_unknown(now));
        }
        let before = entries.len();
        entries.retain(|_, entry| {
            let record = entry.record.as_ref();
            let is_removed = left > 0 && record.is_none_or(|record| record.is_forgotten(now));
            left -= usize::from(is_removed);
            !is_removed
        });
        Ok(before - entries.len())
    }
}
