use std::sync::Arc;

use rusqlite::{Connection, types::Value};
use tower_conditional::{Current, VersionTags};

use crate::{
    InvalidSchema, Scope, Statements,
    versions::{VersionQuery, read},
};

/// The target of a guarded write, whose version is compared.
#[derive(Debug, Clone)]
#[must_use]
pub struct Target {
    pub(super) scope: Scope,
    /// The query for a version that the application keeps itself.
    query: Option<VersionQuery>,
    pub(super) statements: Statements,
}

impl Target {
    /// Creates a target with the version that triggers keep, like
    /// [`VersionSource`](crate::VersionSource).
    pub fn scope(scope: Scope) -> Self {
        Self::new(scope, None)
    }

    /// Creates a target with a version that the application keeps itself, like
    /// [`QuerySource`](crate::QuerySource). The scope is that of its tags.
    ///
    /// The write must change the version.
    pub fn query(
        scope: Scope,
        sql: impl Into<Arc<str>>,
        params: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        let query = VersionQuery {
            sql: sql.into(),
            params: params.into_iter().map(Into::into).collect(),
        };
        Self::new(scope, Some(query))
    }

    fn new(scope: Scope, query: Option<VersionQuery>) -> Self {
        Self {
            scope,
            query,
            statements: Statements::new(),
        }
    }

    /// Sets the kind of tags, which must be that of the source. Defaults to
    /// [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        let statements = self.statements.tags(tags);
        Self { statements, ..self }
    }

    /// Sets the name of the table of versions, as in
    /// [`Schema::versions_table`](crate::Schema::versions_table). Defaults to
    /// `conditional_versions`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let statements = self.statements.versions_table(name)?;
        Ok(Self { statements, ..self })
    }

    pub(super) fn read(&self, connection: &Connection) -> rusqlite::Result<Current> {
        match &self.query {
            Some(query) => query.read(connection, &self.statements.tags_of(&self.scope)),
            None => read(connection, &self.statements, &self.scope),
        }
    }
}
