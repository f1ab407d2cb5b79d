use http::request::Parts;

use super::ValidatorSource;
use crate::semantics::{condition::Current, validator::RepeatedFields};

/// A source with constant headers for a 304; see [`ValidatorSource::repeating`].
#[derive(Debug, Clone)]
pub struct Repeating<Q> {
    source: Q,
    fields: RepeatedFields,
}

impl<Q> Repeating<Q> {
    pub(super) fn new(source: Q, fields: RepeatedFields) -> Self {
        Self { source, fields }
    }

    fn add_fields(&self, mut current: Current) -> Current {
        if let Current::Present(validators) = &mut current {
            let own = std::mem::take(&mut validators.repeated);
            validators.repeated = own.or(&self.fields);
        }
        current
    }
}

impl<Q: ValidatorSource> ValidatorSource for Repeating<Q> {
    type Error = Q::Error;

    async fn current(&self, request: &Parts) -> Result<Current, Q::Error> {
        Ok(self.add_fields(self.source.current(request).await?))
    }

    fn try_current(&self, request: &Parts) -> Option<Result<Current, Q::Error>> {
        Some(
            self.source
                .try_current(request)?
                .map(|current| self.add_fields(current)),
        )
    }

    #[cfg(feature = "tokio")]
    fn answer_timeout(&self) -> Option<std::time::Duration> {
        self.source.answer_timeout()
    }
}
