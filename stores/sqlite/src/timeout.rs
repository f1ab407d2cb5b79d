use std::{future::Future, time::Duration};

use crate::{Error, ErrorKind};

/// The default timeout of a source.
pub(crate) const DEFAULT: Duration = Duration::from_secs(5);

pub(crate) async fn within<T>(
    timeout: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answered = tokio::time::timeout(timeout, asked).await;
    answered.unwrap_or_else(|_| {
        let reason = format!("no answer within {timeout:?}");
        Err(Error::with_reason(ErrorKind::TimedOut, reason))
    })
}
