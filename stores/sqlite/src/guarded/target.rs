use std::sync::Arc;

use rusqlite::{Connection, types::Value};
use tower_conditional::{Current, VersionTags};

use crate::{
    InvalidSchema, Scope, Statements,
    versions::{VersionQuery, read},
};

/// Whose version a guarded write compares.
#[derive(Debug, Clone)]
#[must_use]
pub struct Target {
    pub(super) scope: Scope,
    /// Of a version that the application keeps itself.
    query: Option<VersionQuery>,
    pub(super) statements: Statements,
}

impl Target {
    /// The version that triggers keep, as [`VersionSource`](crate::VersionSource)
    /// reads it.
    pub fn scope(scope: Scope) -> Self {
        Self::new(scope, None)
    }

    /// The application's own version, as [`QuerySource`](crate::QuerySource)
    /// reads it, with the scope of its tags. The write has to change it.
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

    /// Sets how versions become tags, as the source has it. Defaults to
    /// [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        let statements = self.statements.tags(tags);
        Self { statements, ..self }
    }

    /// The name of the table of versions, where
    /// [`Schema::versions_table`](crate::Schema::versions_table) gave it one.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
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
