use std::time::Duration;

use http::{HeaderValue, request::Parts};
use tower_conditional::{ValidatorSource, VersionTags, state_ref::StateSource};

use crate::{Database, Error, InvalidSchema, Scope, VersionSource};

/// The state of a scope as an identifier: what the tag of a [`VersionSource`]
/// is between its quotes.
///
/// A row that is not there, and a request without a scope, have no state.
/// Errors are those of the [`VersionSource`].
#[derive(Debug, Clone)]
pub struct ScopeState<F>(VersionSource<F>);

impl<F> ScopeState<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    /// Of the scope that a request is about.
    #[must_use]
    pub fn new(database: Database, scope: F) -> Self {
        Self(VersionSource::new(database, scope))
    }
}

impl<F> ScopeState<F> {
    /// See [`VersionSource::tags`].
    #[must_use]
    pub fn tags(self, tags: VersionTags) -> Self {
        Self(self.0.tags(tags))
    }

    /// See [`VersionSource::timeout`].
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// See [`VersionSource::versions_table`].
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self(self.0.versions_table(name)?))
    }
}

impl<F> StateSource for ScopeState<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    type Error = Error;

    async fn latest(&self, request: &Parts) -> Result<Option<HeaderValue>, Error> {
        let current = self.0.current(request).await?;
        let tag = current.validators().and_then(|known| known.etag.as_ref());
        Ok(tag.map(|tag| {
            HeaderValue::from_bytes(tag.opaque()).expect("what fits a tag fits a field")
        }))
    }
}
