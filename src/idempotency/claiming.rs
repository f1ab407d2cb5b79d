//! The claim of a key, until the store has answered.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::config::{IdempotencyConfig, PAUSES};
use crate::{
    events,
    semantics::retry::{Admission, Claim, RecordId},
    store::{IdempotencyStore, Step, StoreError, StoreErrorKind},
};

/// The pause between two looks at a key that another attempt holds.
const WAIT_PAUSE: Duration = Duration::from_millis(100);

/// Claims the key. While another attempt holds it, tries again until the time limit.
pub(super) async fn begin_or_wait<St: IdempotencyStore>(
    config: &Arc<IdempotencyConfig<St>>,
    id: RecordId,
    claim: Claim,
) -> Result<Admission<Bytes>, StoreError> {
    let mut begun = None;
    loop {
        let admission = begin(config, id, claim).await?;
        let Admission::InFlight { retry_after } = admission else {
            return Ok(admission);
        };
        let waited = begun.get_or_insert_with(Instant::now).elapsed();
        let left = config.wait_timeout.saturating_sub(waited);
        if left.is_zero() {
            return Ok(admission);
        }
        sleep(WAIT_PAUSE.min(retry_after).min(left)).await;
    }
}

/// Claims the key once. A claim whose answer was lost is repeated with the same owner,
/// which the store takes for one claim. An unanswered claim never runs the handler.
async fn begin<St: IdempotencyStore>(
    config: &Arc<IdempotencyConfig<St>>,
    id: RecordId,
    claim: Claim,
) -> Result<Admission<Bytes>, StoreError> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match config.store.begin(id, claim).await {
            Ok(admission) => return Ok(admission),
            Err(error) => error,
        };
        events::key_step_failed(&id, "begin", &error);
        match pauses.next() {
            Some(pause) if error.kind() == StoreErrorKind::Ambiguous => sleep(pause).await,
            _ => {
                if error.kind() == StoreErrorKind::Ambiguous {
                    abandon(config, id, claim);
                }
                return Err(error);
            }
        }
    }
}

/// Releases a claim that may have been applied, once the store answers again. Otherwise it
/// would look like an attempt that was lost.
fn abandon<St: IdempotencyStore>(config: &Arc<IdempotencyConfig<St>>, id: RecordId, claim: Claim) {
    let detached = config.detached.clone();
    let config = Arc::clone(config);
    let abandoned = detached.finish(async move {
        let mut pause = PAUSES[2];
        while pause < claim.lease {
            sleep(pause).await;
            if let Ok(admission) = config.store.begin(id, claim).await {
                if let Admission::Started {
                    fence, takes_over, ..
                } = admission
                {
                    let step = Step::new(id, claim.owner, fence);
                    let _ = if config.resumes(takes_over) {
                        config.store.renew(step, Duration::ZERO).await
                    } else {
                        config.store.release(step).await
                    };
                }
                return;
            }
            pause *= 2;
        }
    });
    // Dropping it lets it go on by itself.
    drop(abandoned);
}
