use std::time::Duration;

use deadpool_postgres::Pool;
use http::{HeaderValue, request::Parts};
use tower_conditional::{VersionTags, state_ref::StateSource};

use super::VersionSource;
use crate::{Error, InvalidSchema, Scope};

/// A state source for a `StateRefLayer` that names the version of a scope, which a
/// [`Schema`](crate::Schema) watches.
///
/// The identifier is the tag of a [`VersionSource`] without its quotes. An absent row has
/// no state. Identifiers of a table or group are new for each state, and have no order.
#[derive(Debug, Clone)]
#[must_use]
pub struct ScopeState<F>(VersionSource<F>);

impl<F: Fn(&Parts) -> Option<Scope>> ScopeState<F> {
    /// Creates a source. The function returns the scope of a request, or `None` if the
    /// source does not know it.
    pub fn new(pool: Pool, scope: F) -> Self {
        Self(VersionSource::new(pool, scope))
    }

    /// Sets the kind of tags, like [`VersionSource::tags`]. Defaults to
    /// [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        Self(self.0.tags(tags))
    }

    /// Sets how long an answer may take, like [`VersionSource::timeout`]. Defaults to
    /// 5 seconds.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no answer would come in time.
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// Sets the name of the table of versions, like [`VersionSource::versions_table`].
    /// Defaults to `conditional_versions`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
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
            HeaderValue::from_bytes(tag.as_ref().opaque())
                .expect("the bytes of a tag are valid in a header")
        }))
    }
}
