//! A request's claim of its key: the tries, and the way back if nobody waits for the answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use super::config::{IdempotencyConfig, PAUSES};
use crate::{
    events,
    semantics::retry::{Admission, Claim, RecordId, Resolution, Update},
    store::{IdempotencyStore, Step, StoreError, StoreErrorKind},
};

/// The first and the longest pause between two looks at a key that another attempt holds. They
/// grow, since thousands of retries that wait would keep the store from renewing the lease.
const WAIT_PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_secs(1));

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
            sleep(pause.min(retry_after).min(left)).await;
            pause = longest_pause.min(pause * 2);
        }
    }

    /// Claims the key once.
    ///
    /// If the client disconnects before the store has answered, a started claim is released.
    /// Otherwise it would look like an attempt that was lost, although nothing ran.
    async fn begin(&self) -> Result<Admission<Bytes>, StoreError> {
        let claimant = self.clone();
        let begun = self.config.detached.finish(async move {
            let admission = claimant.try_begin().await?;
            Ok(UnheardAdmission(Some((admission, claimant))))
        });
        begun.await.map(UnheardAdmission::hear)
    }

    /// Claims the key. A claim whose answer was lost is repeated with the same owner, which the
    /// store takes for one claim.
    async fn try_begin(&self) -> Result<Admission<Bytes>, StoreError> {
        let mut pauses = PAUSES.into_iter();
        let asked_at = Instant::now();
        loop {
            // An answer after the lease is of use, too: the claim can be given back.
            let limit = self.claim.lease.saturating_mul(4);
            let begun = self.config.store.begin(self.id, self.claim);
            let error = match within(limit, begun).await {
                // Another attempt may have taken over before this one heard of its claim.
                Ok(started @ Admission::Started { .. })
                    if asked_at.elapsed() >= self.claim.lease =>
                {
                    self.release(&started).await;
                    let reason = "the lease was over before the store answered";
                    return Err(StoreError::not_applied(reason));
                }
                Ok(admission) => return Ok(admission),
                Err(error) => error,
            };
            events::key_step_failed(&self.id, "begin", &error);
            if error.kind() != StoreErrorKind::Ambiguous {
                return Err(error);
            }
            let is_late = asked_at.elapsed() >= self.claim.lease;
            let Some(pause) = pauses.next().filter(|_| !is_late) else {
                self.abandon();
                return Err(error);
            };
            sleep(pause).await;
        }
    }

    /// Releases a claim that may have been applied, once the store answers again.
    fn abandon(&self) {
        let claimant = self.clone();
        let abandoned = self.config.detached.finish(async move {
            let mut pause = PAUSES[2];
            while pause < claimant.claim.lease {
                sleep(pause).await;
                let begun = claimant.config.store.begin(claimant.id, claimant.claim);
                if let Ok(admission) = within(claimant.claim.lease, begun).await {
                    claimant.release(&admission).await;
                    return;
                }
                pause *= 2;
            }
        });
        // Dropping it lets it go on by itself.
        drop(abandoned);
    }

    /// Releases a claim that was started, and for which nothing ran.
    async fn release(&self, admission: &Admission<Bytes>) {
        let Admission::Started {
            fence, takes_over, ..
        } = *admission
        else {
            return;
        };
        let store = &self.config.store;
        let step = Step::new(self.id, self.claim.owner, fence);
        let lease = self.claim.lease;
        // The effects of the attempt before are as unknown as they were.
        if takes_over {
            let _ = within(lease, store.renew(step, Duration::ZERO)).await;
        } else if !matches!(
            within(lease, store.release(step)).await,
            Ok(Update::Applied)
        ) {
            release_lost(&self.config, step).await;
        }
    }
}

/// Releases an attempt for which nothing ran, and whose lease may be over. It counts as lost
/// then, but its outcome is known.
pub(super) async fn release_lost<St: IdempotencyStore>(config: &IdempotencyConfig<St>, step: Step) {
    let release = Resolution::Release;
    let resolved = config.store.resolve(step.id, step.fence, release);
    let _ = within(config.lease, resolved).await;
}

/// Waits for the answer of a store. One that never answers holds up neither a request nor a
/// shutdown without end.
pub(super) async fn within<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::ambiguous("the store did not answer in time"));
    timeout(limit, step).await.unwrap_or_else(late)
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

/// The store's answer on its way to the request. Dropping it gives a started claim back.
struct UnheardAdmission<St: IdempotencyStore>(Option<(Admission<Bytes>, Claimant<St>)>);

impl<St: IdempotencyStore> UnheardAdmission<St> {
    fn hear(mut self) -> Admission<Bytes> {
        let (admission, _) = self.0.take().expect("an answer is heard once");
        admission
    }
}

impl<St: IdempotencyStore> Drop for UnheardAdmission<St> {
    fn drop(&mut self) {
        if let Some((admission, claimant)) = self.0.take() {
            let detached = claimant.config.detached.clone();
            let released = detached.finish(async move { claimant.release(&admission).await });
            // Dropping it lets it go on by itself.
            drop(released);
        }
    }
}
