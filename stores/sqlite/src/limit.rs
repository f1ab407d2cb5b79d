use std::{future::Future, time::Duration};

use crate::{Error, ErrorKind};

/// How long a source may take unless it is told otherwise.
pub(crate) const DEFAULT: Duration = Duration::from_secs(5);

pub(crate) async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answered = tokio::time::timeout(limit, asked).await;
    answered.unwrap_or_else(|_| {
        let reason = format!("no answer within {limit:?}");
        Err(Error::because(ErrorKind::TimedOut, reason))
    })
}
