use rusqlite::{Connection, params_from_iter, types::Value};
use tower_conditional::{VersionTags, semantics::precondition::Current};

use crate::{
    InvalidSchema, Scope,
    versions::{self, Versions},
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
    Query(String, Vec<Value>),
}

impl Target {
    /// The version that triggers keep, as [`VersionSource`](crate::VersionSource)
    /// reads it.
    pub fn scope(scope: Scope) -> Self {
        Self::new(Kind::Scope(scope, Versions::default()))
    }

    /// The application's own version, as [`QuerySource`](crate::QuerySource)
    /// reads it. The write has to change it.
    pub fn query(
        sql: impl Into<String>,
        params: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        let params = params.into_iter().map(Into::into).collect();
        Self::new(Kind::Query(sql.into(), params))
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

    /// Unknown for a scope that is not watched.
    pub(super) fn read(&self, connection: &Connection) -> rusqlite::Result<Current> {
        match &self.kind {
            Kind::Scope(scope, versions) => {
                Ok(versions.read(connection, scope)?.current(&self.tags))
            }
            Kind::Query(sql, params) => {
                versions::query(connection, sql, params_from_iter(params), &self.tags)
            }
        }
    }
}
