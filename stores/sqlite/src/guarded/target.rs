use std::sync::Arc;

use rusqlite::{Connection, types::Value};
use tower_conditional::{Current, VersionTags};

use crate::{
    Error, InvalidSchema, Scope,
    versions::{VersionQuery, Versions},
};

/// Whose version a guarded write compares.
#[derive(Debug, Clone)]
#[must_use]
pub struct Target {
    kind: Kind,
    tags: VersionTags,
}

#[derive(Debug, Clone)]
enum Kind {
    Scope(Scope, Versions),
    Query(VersionQuery),
}

impl Target {
    /// The version that triggers keep, as [`VersionSource`](crate::VersionSource)
    /// reads it.
    pub fn scope(scope: Scope) -> Self {
        Self::new(Kind::Scope(scope, Versions::default()))
    }

    /// The application's own version, as [`QuerySource`](crate::QuerySource)
    /// reads it, with the scope of its tags. The write has to change it.
    pub fn query(
        scope: Scope,
        sql: impl Into<Arc<str>>,
        params: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        Self::new(Kind::Query(VersionQuery {
            scope,
            sql: sql.into(),
            params: params.into_iter().map(Into::into).collect(),
        }))
    }

    /// How tags are made: as for the tags that clients were given. Plain by default.
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// The name of the table of versions, where
    /// [`Schema::versions_table`](crate::Schema::versions_table) gave it one.
    /// A query has no use for it.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let named = Versions::table(name)?;
        if let Kind::Scope(_, versions) = &mut self.kind {
            *versions = named;
        }
        Ok(self)
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            tags: VersionTags::plain(),
        }
    }

    /// Reads the state. The inner error is that of [`Versions::read`].
    pub(super) fn read(&self, connection: &Connection) -> rusqlite::Result<Result<Current, Error>> {
        match &self.kind {
            Kind::Scope(scope, versions) => versions.read(connection, scope, &self.tags),
            Kind::Query(query) => query.read(connection, &self.tags).map(Ok),
        }
    }
}
