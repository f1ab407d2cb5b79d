//! A limit for the answers of a store.

use std::time::Duration;

use crate::{source::lazy_timeout, store::error::StoreError};

/// The pauses between the tries of a step that failed, or whose answer was lost.
pub(crate) const PAUSES: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(800),
];

/// Waits for the answer of a store. One that never answers holds up neither a request nor a
/// shutdown without end.
pub(crate) async fn within<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::ambiguous("the store did not answer in time"));
    let step = lazy_timeout(Some(limit), step);
    step.await.unwrap_or_else(late)
}
