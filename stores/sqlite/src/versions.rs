use std::sync::Arc;

use rusqlite::{
    Connection, OptionalExtension, params_from_iter,
    types::{Type, Value, ValueRef},
};
use tower_conditional::{Current, EntityTag, Validators, VersionTags, validator::HttpDate};

use crate::{
    Error, ErrorKind, InvalidSchema, Scope, name::Name, schema, scope, spelling::is_spelled,
};

/// Where the versions are, for whoever reads them.
#[derive(Debug, Clone)]
pub(crate) struct Versions(Name);

impl Default for Versions {
    fn default() -> Self {
        Self(schema::default_versions())
    }
}

impl Versions {
    pub(crate) fn table(name: impl Into<String>) -> Result<Self, InvalidSchema> {
        Name::new(name).map(Self)
    }

    /// Reads the state of a scope. The inner error is [`ErrorKind::NotWatched`] or
    /// [`ErrorKind::OtherSpelling`].
    pub(crate) fn read(
        &self,
        connection: &Connection,
        scope: &Scope,
        tags: &VersionTags,
    ) -> rusqlite::Result<Result<Current, Error>> {
        let table = &self.0;
        let sql = format!(
            "SELECT (SELECT version FROM {table} WHERE scope = ?1),
                (SELECT version FROM {table} WHERE scope = ?2),
                (SELECT version FROM {table} WHERE scope = ?3)"
        );
        let watched = scope.watched();
        let params = [scope.as_str(), watched, &scope::spelling(watched)];
        let found = connection.query_row(&sql, params, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        let (version, mark, spelling): (Option<i64>, Option<i64>, Option<i64>) = found?;
        let Some(mark) = mark else {
            return Ok(Err(Error::about(ErrorKind::NotWatched, scope)));
        };
        let spelling = spelling.unwrap_or_default();
        if let Some(value) = scope.value()
            && !is_spelled(spelling, value)
        {
            return Ok(Err(Error::about(ErrorKind::OtherSpelling, scope)));
        }
        if version.is_none() && scope.is_row() {
            return Ok(Ok(Current::Absent));
        }
        // A group of which no row was written since then has the mark's.
        let version = version.unwrap_or(mark);
        Ok(Ok(tags.scope(scope).number(version).into()))
    }
}

/// A version that the application keeps itself, and what it is of.
#[derive(Debug, Clone)]
pub(crate) struct VersionQuery {
    pub(crate) scope: Scope,
    pub(crate) sql: Arc<str>,
    pub(crate) params: Vec<Value>,
}

impl VersionQuery {
    /// The state that the columns tell: a version, and maybe when it was
    /// written.
    pub(crate) fn read(
        &self,
        connection: &Connection,
        tags: &VersionTags,
    ) -> rusqlite::Result<Current> {
        let mut statement = connection.prepare(&self.sql)?;
        let dated = statement.column_count() > 1;
        let row = statement.query_row(params_from_iter(&self.params), |row| {
            let tag = tag(row.get_ref(0)?, &tags.scope(&self.scope)).map_err(|kind| {
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
        // Two of them may look the same.
        ValueRef::Real(_) => return Err(Type::Real),
    }))
}
