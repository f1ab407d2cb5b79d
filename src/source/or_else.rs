use http::request::Parts;

use super::{SourceError, ValidatorSource, ask, ask_at_hand};
use crate::semantics::condition::Current;

/// Two sources, of which the second is asked if the first does not know; see [`ValidatorSource::or_else`].
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
        let first = match ask(&self.first, request).await {
            Ok(known @ (Current::Absent | Current::Present(_))) => return Ok(known),
            unknown => unknown,
        };
        match ask(&self.second, request).await? {
            Current::Unknown => first,
            known => Ok(known),
        }
    }

    fn at_hand(&self, request: &Parts) -> Option<Result<Current, SourceError>> {
        let first = match ask_at_hand(&self.first, request)? {
            Ok(known @ (Current::Absent | Current::Present(_))) => return Some(Ok(known)),
            unknown => unknown,
        };
        Some(match ask_at_hand(&self.second, request)? {
            Ok(Current::Unknown) => first,
            known => known,
        })
    }

    #[cfg(feature = "tokio")]
    fn answer_timeout(&self) -> Option<std::time::Duration> {
        // `ask` applies the timeout of each.
        None
    }
}
