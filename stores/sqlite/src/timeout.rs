use std::{future::Future, time::Duration};

use crate::{Error, ErrorKind};

/// The default timeout of a source.
pub(crate) const DEFAULT: Duration = Duration::from_secs(5);

/// Returns the timeout of a source or store.
///
/// # Panics
///
/// Panics if it is zero.
#[track_caller]
pub(crate) fn above_zero(timeout: Duration) -> Duration {
    assert!(
        !timeout.is_zero(),
        "invalid timeout {timeout:?}: no answer comes in time; use some seconds"
    );
    timeout
}

/// Returns the answer, or [`ErrorKind::TimedOut`] if it takes longer than the timeout.
pub(crate) async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answer = tokio::time::timeout(timeout, answer).await;
    answer.unwrap_or_else(|_| {
        let reason = format!("no answer within {timeout:?}");
        Err(Error::with_reason(ErrorKind::TimedOut, reason))
    })
}
