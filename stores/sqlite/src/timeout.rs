use std::{future::Future, time::Duration};

use crate::{Error, ErrorKind};

/// The default timeout of a source.
pub(crate) const DEFAULT: Duration = Duration::from_secs(5);

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
