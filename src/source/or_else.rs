use http::request::Parts;

use super::{SourceError, ValidatorSource, current, try_current};
use crate::semantics::condition::Current;

/// Two sources: the second is called if the first fails or does not know the state; see
/// [`ValidatorSource::or_else`].
#[derive(Debug, Clone)]
pub struct OrElse<A, B> {
    first: A,
    second: B,
}

impl<A, B> OrElse<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: ValidatorSource, B: ValidatorSource> ValidatorSource for OrElse<A, B> {
    type Error = SourceError;

    async fn current(&self, request: &Parts) -> Result<Current, SourceError> {
        let first = match current(&self.first, request).await {
            Ok(known @ (Current::Absent | Current::Present(_))) => return Ok(known),
            unknown => unknown,
        };
        match current(&self.second, request).await? {
            Current::Unknown => first,
            known => Ok(known),
        }
    }

    fn try_current(&self, request: &Parts) -> Option<Result<Current, SourceError>> {
        let first = match try_current(&self.first, request)? {
            Ok(known @ (Current::Absent | Current::Present(_))) => return Some(Ok(known)),
            unknown => unknown,
        };
        Some(match try_current(&self.second, request)? {
            Ok(Current::Unknown) => first,
            known => known,
        })
    }

    #[cfg(feature = "tokio")]
    fn answer_timeout(&self) -> Option<std::time::Duration> {
        // `current` applies the timeout of each.
        None
    }
}
