use std::time::Duration;

use http::{HeaderValue, request::Parts};
use tower_conditional::{ValidatorSource, VersionTags, state_ref::StateSource};

use crate::{Database, Error, InvalidSchema, Scope, VersionSource};

/// A state source that names the version of a scope.
///
/// The identifier is the tag of a [`VersionSource`] without its quotes. An absent row and
/// a request without a scope have no state. The errors are those of the
/// [`VersionSource`].
#[derive(Debug, Clone)]
pub struct ScopeState<F>(VersionSource<F>);

impl<F> ScopeState<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    /// Creates a source. The function returns the scope of a request, or `None` if the
    /// source does not know it.
    #[must_use]
    pub fn new(database: Database, scope: F) -> Self {
        Self(VersionSource::new(database, scope))
    }
}

impl<F> ScopeState<F> {
    /// Sets the kind of tags, like [`VersionSource::tags`]. Defaults to
    /// [`VersionTags::plain`].
    #[must_use]
    pub fn tags(self, tags: VersionTags) -> Self {
        Self(self.0.tags(tags))
    }

    /// Sets how long an answer may take, like [`VersionSource::timeout`]. Defaults to
    /// 5 seconds.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no answer would come in time.
    #[must_use]
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
        let current = self.0.current(request).await?;
        let tag = current.validators().and_then(|known| known.etag.as_ref());
        Ok(tag.map(|tag| {
            HeaderValue::from_bytes(tag.opaque()).expect("the bytes of a tag are valid in a header")
        }))
    }
}
