//! A request's claim of its key: the tries, and the way back if nobody waits for the answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::config::IdempotencyConfig;
use crate::{
    events,
    semantics::retry::{Admission, Claim, RecordId, Update},
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
                    drop(self.give_back(None));
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
        let Some(started) = StartedClaim::of(&admission) else {
            return Ok(admission);
        };
        let lease = self.claim.lease;
        if sent_at.elapsed() < lease / 3 {
            return Ok(admission);
        }
        let renewed_at = Instant::now();
        let renewed = self.config.store.renew(self.step(started.fence), lease);
        let renewed = within(lease, renewed).await;
        let is_in_time = sent_at.elapsed() < lease && renewed_at.elapsed() < lease / 3;
        if is_in_time && matches!(renewed, Ok(Update::Applied)) {
            return Ok(admission);
        }
        // The retry of the refused client should find the key free, if the store is there.
        self.give_back_soon(started).await;
        let reason = "the store answered too late for the lease";
        Err(StoreError::not_applied(reason))
    }

    /// Gives back a claim, and waits for that as long as a refused client may.
    pub(super) async fn give_back_soon(&self, started: StartedClaim) {
        let given_back = self.give_back(Some(started));
        let _ = lazy_timeout(Some(GIVE_BACK_WAIT), given_back).await;
    }

    /// Gives back a claim that was started, or may have been, once the store answers.
    /// `started` is `None` if there was no answer. It goes on if the future is dropped.
    ///
    /// A server that hangs may run the claim long after, from its socket. So the task goes on
    /// until an answer, or for two leases if there are too many such tasks. A corrupt record ends
    /// it.
    pub(super) fn give_back(
        &self,
        mut started: Option<StartedClaim>,
    ) -> impl Future<Output = ()> + Send + use<St> {
        let claimant = self.clone();
        let place = Arc::clone(&self.config.abandoned_places)
            .try_acquire_owned()
            .ok();
        self.config.detached.finish_step(async move {
            let lease = claimant.claim.lease;
            let longest_pause = PAUSES[0].max(lease / 3);
            let (mut pause, begun_at) = (PAUSES[0], Instant::now());
            if started.is_none() {
                // The store has just failed several times, and nobody waits for this task.
                pause = PAUSES[2].min(longest_pause);
                sleep(pause).await;
            }
            loop {
                match claimant.try_give_back(&mut started).await {
                    Ok(true) => return,
                    Err(error) if error.kind() == StoreErrorKind::Corrupt => return,
                    _ if place.is_none() && begun_at.elapsed() >= lease.saturating_mul(2) => return,
                    // A store does not tell when it is back, so it is asked again after a pause.
                    _ => sleep(pause).await,
                }
                pause = longest_pause.min(pause.saturating_mul(4));
            }
        })
    }

    /// Returns `true` if the claim is given back, or was never applied.
    async fn try_give_back(&self, started: &mut Option<StartedClaim>) -> Result<bool, StoreError> {
        let (store, lease) = (&self.config.store, self.claim.lease);
        if started.is_none() {
            // Only its own attempt can be given back, and not one that was lost before it.
            let own = self.claim.with_takeover(false);
            let admission = within(lease, store.begin(self.id, own)).await?;
            *started = StartedClaim::of(&admission);
        }
        let Some(StartedClaim { fence, takes_over }) = *started else {
            return Ok(true);
        };
        let step = self.step(fence);
        let given_back = if takes_over {
            // The effects of the attempt before are as unknown as they were.
            within(lease, store.renew(step, Duration::ZERO)).await
        } else {
            within(lease, store.release(step)).await
        };
        match given_back {
            Ok(Update::Lost) if !takes_over => {
                // After the lease, the store gives the key only to a claim that is repeated.
                *started = None;
                Ok(false)
            }
            Ok(_) => Ok(true),
            Err(error) => {
                events::key_step_failed(&self.id, "release", &error);
                Err(error)
            }
        }
    }

    fn step(&self, fence: u64) -> Step {
        Step::new(self.id, self.claim.owner, fence)
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

/// A claim that the store has started.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartedClaim {
    pub(super) fence: u64,
    pub(super) takes_over: bool,
}

impl StartedClaim {
    fn of(admission: &Admission<Bytes>) -> Option<Self> {
        match *admission {
            Admission::Started {
                fence, takes_over, ..
            } => Some(Self { fence, takes_over }),
            _ => None,
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
        if let Some((admission, claimant)) = self.0.take()
            && let Some(started) = StartedClaim::of(&admission)
        {
            drop(claimant.give_back(Some(started)));
        }
    }
}
