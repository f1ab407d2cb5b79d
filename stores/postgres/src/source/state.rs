use std::time::Duration;

use deadpool_postgres::Pool;
use http::{HeaderValue, request::Parts};
use tower_conditional::{VersionTags, state_ref::StateSource};

use super::VersionSource;
use crate::{Error, InvalidSchema, Scope};

/// The state of a scope that a [`Schema`](crate::Schema) watches, as an
/// identifier for a `StateRefLayer`: what the tag of a [`VersionSource`] is
/// between its quotes. A row that is not there has no state.
///
/// Identifiers of a table or group are new for each state, and in no order.
#[derive(Debug, Clone)]
#[must_use]
pub struct ScopeState<F>(VersionSource<F>);

impl<F: Fn(&Parts) -> Option<Scope>> ScopeState<F> {
    /// Of the scope that a request is about, if there is one.
    pub fn new(pool: Pool, scope: F) -> Self {
        Self(VersionSource::new(pool, scope))
    }

    /// See [`VersionSource::tags`].
    pub fn tags(self, tags: VersionTags) -> Self {
        Self(self.0.tags(tags))
    }

    /// See [`VersionSource::timeout`].
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
        let current = self.0.state(request).await?;
        let tag = current.validators().and_then(|found| found.etag.as_ref());
        Ok(tag.map(|tag| {
            HeaderValue::from_bytes(tag.as_ref().opaque()).expect("what a tag has, a field has")
        }))
    }
}
