use std::sync::Arc;

use rusqlite::{
    Connection, OptionalExtension, params_from_iter,
    types::{Type, Value, ValueRef},
};
use tower_conditional::{Current, EntityTag, Validators, VersionTags, validator::HttpDate};

use crate::{Scope, Statements};

/// Reads the state of a scope.
pub(crate) fn read(
    connection: &Connection,
    statements: &Statements,
    scope: &Scope,
) -> rusqlite::Result<Current> {
    let params = [scope.as_str(), scope.watch_key()];
    connection.query_row(statements.read(), params, |row| {
        let current = statements.current(scope, row.get_ref(0)?.as_bytes()?);
        // The conversion to `Error` unwraps it.
        current.map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
        })
    })
}

/// A query for a version that the application keeps itself.
#[derive(Debug, Clone)]
pub(crate) struct VersionQuery {
    pub(crate) sql: Arc<str>,
    pub(crate) params: Vec<Value>,
}

impl VersionQuery {
    /// Reads the version and, if there is a second column, the time of the last write. The
    /// tags are those of the scope.
    pub(crate) fn read(
        &self,
        connection: &Connection,
        tags: &VersionTags,
    ) -> rusqlite::Result<Current> {
        let mut statement = connection.prepare(&self.sql)?;
        let dated = statement.column_count() > 1;
        let row = statement.query_row(params_from_iter(&self.params), |row| {
            let tag = tag(row.get_ref(0)?, tags).map_err(|kind| {
                rusqlite::Error::InvalidColumnType(0, "version".to_owned(), kind)
            })?;
            let seconds: Option<i64> = if dated { row.get(1)? } else { None };
            let mut validators = Validators::new();
            validators.etag = tag;
            validators.last_modified = seconds.map(HttpDate::from_unix_seconds);
            Ok(validators)
        });
        row.optional().map(Current::from)
    }
}

fn tag(version: ValueRef<'_>, tags: &VersionTags) -> Result<Option<EntityTag>, Type> {
    Ok(Some(match version {
        ValueRef::Integer(number) => tags.number(number),
        ValueRef::Text(text) => tags.bytes(text),
        ValueRef::Blob(bytes) => match <[u8; 16]>::try_from(bytes) {
            Ok(uuid) => tags.uuid(uuid),
            Err(_) => tags.bytes(bytes),
        },
        ValueRef::Null => return Ok(None),
        // Two different real numbers may have the same text.
        ValueRef::Real(_) => return Err(Type::Real),
    }))
}
