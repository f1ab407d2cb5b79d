//! A request's claim of its key: the tries, and the way back if nobody waits for the answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::config::IdempotencyConfig;
use crate::{
    events,
    semantics::retry::{Admission, Claim, RecordId, Resolution, Update},
    source::lazy_timeout,
    store::{IdempotencyStore, PAUSES, Step, StoreError, StoreErrorKind, within},
};

/// The first and the longest pause between two looks at a key that another attempt holds. They
/// grow, since thousands of retries that wait would keep the store from renewing the lease.
const WAIT_PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_secs(1));

/// The longest wait of a refused request for its claim to be given back.
const GIVE_BACK_WAIT: Duration = Duration::from_secs(1);

/// A claim of a key, with everything that a task of its own needs.
pub(super) struct Claimant<St> {
    pub(super) config: Arc<IdempotencyConfig<St>>,
    pub(super) id: RecordId,
    pub(super) claim: Claim,
}

impl<St: IdempotencyStore> Claimant<St> {
    /// Claims the key. While another attempt holds it, tries again until the time limit.
    pub(super) async fn begin_or_wait(&self) -> Result<Admission<Bytes>, StoreError> {
        let mut first_answer = None;
        let (mut pause, longest_pause) = WAIT_PAUSES;
        loop {
            let admission = self.begin().await?;
            let Admission::InFlight { retry_after } = admission else {
                return Ok(admission);
            };
            let waited = first_answer.get_or_insert_with(Instant::now).elapsed();
            let left = self.config.wait_timeout.saturating_sub(waited);
            if left.is_zero() {
                return Ok(admission);
            }
            // No store tells when another process ends its attempt, so the key is read again.
            sleep(pause.min(retry_after).min(left)).await;
            pause = longest_pause.min(pause * 2);
        }
    }

    /// Claims the key once.
    ///
    /// If the client disconnects before the store has answered, a started claim is given back.
    /// Otherwise it would look like an attempt that was lost, although nothing ran.
    async fn begin(&self) -> Result<Admission<Bytes>, StoreError> {
        let claimant = self.clone();
        let begun = self.config.detached.finish_step(async move {
            let admission = claimant.try_begin().await?;
            Ok(PendingAdmission(Some((admission, claimant))))
        });
        begun.await.map(PendingAdmission::accept)
    }

    /// Claims the key. A claim whose answer was lost is repeated with the same owner, which the
    /// store takes for one claim.
    async fn try_begin(&self) -> Result<Admission<Bytes>, StoreError> {
        let mut pauses = PAUSES.into_iter();
        let mut may_be_applied = false;
        let sent_at = Instant::now();
        loop {
            // An answer after the lease is of use, too: the claim can be given back.
            let limit = self.claim.lease.saturating_mul(4);
            let begun = self.config.store.begin(self.id, self.claim);
            let error = match within(limit, begun).await {
                Ok(admission) => return self.confirm_lease(admission, sent_at).await,
                Err(error) => error,
            };
            events::key_step_failed(&self.id, "begin", &error);
            let is_ambiguous = error.kind() == StoreErrorKind::Ambiguous;
            // The refusal of a repetition tells nothing of the tries before.
            may_be_applied |= is_ambiguous;
            let is_late = sent_at.elapsed() >= self.claim.lease;
            let next = pauses.next().filter(|_| is_ambiguous && !is_late);
            let Some(pause) = next else {
                if may_be_applied {
                    self.abandon();
                }
                return Err(error);
            };
            // A connection that broke needs a moment until there is another one.
            sleep(pause).await;
        }
    }

    /// Renews a lease that began long ago, since the handler's first renewal would come too
    /// late. A claim whose lease may be over is given back.
    async fn confirm_lease(
        &self,
        admission: Admission<Bytes>,
        sent_at: Instant,
    ) -> Result<Admission<Bytes>, StoreError> {
        let Admission::Started {
            fence, takes_over, ..
        } = admission
        else {
            return Ok(admission);
        };
        let lease = self.claim.lease;
        if sent_at.elapsed() < lease / 3 {
            return Ok(admission);
        }
        let renewed_at = Instant::now();
        let renewed = self.config.store.renew(self.step(fence), lease);
        let renewed = within(lease, renewed).await;
        let is_in_time = sent_at.elapsed() < lease && renewed_at.elapsed() < lease / 3;
        if is_in_time && matches!(renewed, Ok(Update::Applied)) {
            return Ok(admission);
        }
        // The retry of the refused client should find the key free, if the store is there.
        let given_back = self.give_back(fence, takes_over);
        let _ = lazy_timeout(Some(GIVE_BACK_WAIT), given_back).await;
        let reason = "the store answered too late for the lease";
        Err(StoreError::not_applied(reason))
    }

    /// Gives back a claim that may have been applied, once the store answers again.
    ///
    /// A server that hangs may run the claim long after, from its socket. So the task goes on
    /// until an answer, or for one lease if there are too many such tasks. It asks often enough
    /// to find the claim before its lease is over. A corrupt record ends it.
    fn abandon(&self) {
        let claimant = self.clone();
        let place = Arc::clone(&self.config.abandoned_places)
            .try_acquire_owned()
            .ok();
        self.spawn(async move {
            let lease = claimant.claim.lease;
            let longest_pause = PAUSES[0].max(lease / 3);
            let (mut pause, begun_at) = (PAUSES[2].min(longest_pause), Instant::now());
            while place.is_some() || begun_at.elapsed() < lease {
                // The store has just failed several times, and nobody waits for this task.
                sleep(pause).await;
                let begun = claimant.config.store.begin(claimant.id, claimant.claim);
                match within(lease, begun).await {
                    Ok(admission) => return claimant.give_back_started(&admission),
                    Err(error) if error.kind() == StoreErrorKind::Corrupt => return,
                    Err(_) => pause = longest_pause.min(pause * 2),
                }
            }
        });
    }

    fn give_back_started(&self, admission: &Admission<Bytes>) {
        if let Admission::Started {
            fence, takes_over, ..
        } = *admission
        {
            drop(self.give_back(fence, takes_over));
        }
    }

    /// Gives back a claim for which nothing ran. It goes on if the future is dropped.
    fn give_back(&self, fence: u64, takes_over: bool) -> impl Future<Output = ()> + Send + use<St> {
        let claimant = self.clone();
        self.config.detached.finish_step(async move {
            let store = &claimant.config.store;
            let lease = claimant.claim.lease;
            for pause in PAUSES.into_iter().chain([lease]) {
                let step = claimant.step(fence);
                let given_back = if takes_over {
                    // The effects of the attempt before are as unknown as they were.
                    within(lease, store.renew(step, Duration::ZERO)).await
                } else {
                    within(lease, store.release(step)).await
                };
                match given_back {
                    Ok(Update::Applied) => return,
                    Ok(Update::Lost) => break,
                    Err(error) => events::key_step_failed(&claimant.id, "release", &error),
                }
                // The store may come back. The last pause is that of the lease, since only an attempt
                // whose lease is over can be resolved.
                sleep(pause).await;
            }
            if !takes_over {
                // After the lease the claim counts as lost, but its outcome is known.
                let resolved = store.resolve(claimant.id, fence, Resolution::Release);
                let _ = within(lease, resolved).await;
            }
        })
    }

    fn step(&self, fence: u64) -> Step {
        Step::new(self.id, self.claim.owner, fence)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Dropping the future lets the work go on by itself.
        drop(self.config.detached.finish_step(work));
    }
}

impl<St> Clone for Claimant<St> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            id: self.id,
            claim: self.claim,
        }
    }
}

/// An admission on its way to the request. Dropping it gives a started claim back.
struct PendingAdmission<St: IdempotencyStore>(Option<(Admission<Bytes>, Claimant<St>)>);

impl<St: IdempotencyStore> PendingAdmission<St> {
    fn accept(mut self) -> Admission<Bytes> {
        let (admission, _) = self.0.take().expect("accepted once");
        admission
    }
}

impl<St: IdempotencyStore> Drop for PendingAdmission<St> {
    fn drop(&mut self) {
        if let Some((admission, claimant)) = self.0.take() {
            claimant.give_back_started(&admission);
        }
    }
}
