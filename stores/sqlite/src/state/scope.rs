use std::{fmt, time::Duration};

use http::{HeaderValue, request::Parts};
use tower_conditional::source::StateSource;

use crate::{
    Database, Error, ErrorKind, InvalidSchema, Scope, limit,
    versions::{Stored, Versions},
};

/// The version of a scope as the identifier of the state that a request sees.
///
/// A row that is not there, and a request without a scope, have none. Errors
/// are those of [`VersionSource`](crate::VersionSource).
#[derive(Clone)]
pub struct ScopeState<F> {
    database: Database,
    scope: F,
    versions: Versions,
    limit: Duration,
}

impl<F> ScopeState<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    /// Of the scope that a request is about.
    #[must_use]
    pub fn new(database: Database, scope: F) -> Self {
        Self {
            database,
            scope,
            versions: Versions::default(),
            limit: limit::DEFAULT,
        }
    }
}

impl<F> ScopeState<F> {
    /// How long an answer may take, waiting for the database's thread included;
    /// 5 seconds by default. It needs tokio's timer.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The name of the table of versions, where
    /// [`Schema::versions_table`](crate::Schema::versions_table) gave it one.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let versions = Versions::table(name)?;
        Ok(Self { versions, ..self })
    }
}

impl<F> StateSource for ScopeState<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    type Error = Error;

    async fn latest(&self, request: &Parts) -> Result<Option<HeaderValue>, Error> {
        let Some(scope) = (self.scope)(request) else {
            return Ok(None);
        };
        let versions = self.versions.clone();
        let read = self
            .database
            .run(move |connection| versions.read(connection, &scope));
        match limit::within(self.limit, read).await? {
            Stored::NotWatched => Err(Error::of(ErrorKind::NotWatched)),
            Stored::Absent => Ok(None),
            Stored::Version(version) => Ok(Some(version.into())),
        }
    }
}

impl<F> fmt::Debug for ScopeState<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeState")
            .field("versions", &self.versions)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
