use tower_conditional::{Current, VersionTags};

use super::{
    name::SqliteIdentifier,
    schema::default_versions,
    spelling::{SPELLING, is_canonical},
};
use crate::{InvalidSchema, Scope, ScopeError};

/// The statements that read the versions of a [`Schema`](super::Schema).
#[derive(Debug, Clone)]
#[must_use]
pub struct Statements {
    tags: VersionTags,
    versions: SqliteIdentifier,
    read: String,
}

impl Statements {
    /// Creates the statements for the table `conditional_versions`, with plain tags.
    pub fn new() -> Self {
        Self::with(default_versions(), VersionTags::plain())
    }

    fn with(versions: SqliteIdentifier, tags: VersionTags) -> Self {
        let read = read(&versions, 1);
        Self {
            tags,
            versions,
            read,
        }
    }

    /// Sets the name of the table of versions, as in
    /// [`Schema::versions_table`](super::Schema::versions_table). Defaults to
    /// `conditional_versions`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self::with(SqliteIdentifier::new(name)?, self.tags))
    }

    /// Sets how versions become tags. Defaults to [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Returns the tags of the versions of a scope, for `Expected::versions_of` in a
    /// handler.
    #[must_use]
    pub fn tags_of(&self, scope: &Scope) -> VersionTags {
        self.tags.scope(scope)
    }

    /// Returns the statement that reads the versions of a scope.
    ///
    /// Its parameters are [`Scope::as_str`] and [`Scope::watch_key`]. It returns one row
    /// with one text, `versions`, for [`current`](Self::current).
    #[must_use]
    pub fn read(&self) -> &str {
        &self.read
    }

    /// Returns [`read`](Self::read) as an expression, for a statement that reads content
    /// and versions together. So no write can come between the two.
    ///
    /// Its two parameters have the numbers `first` and `first + 1`.
    ///
    /// A statement that returns no row returns no versions either. To read a whole table,
    /// select the versions first:
    ///
    /// ```
    /// # use tower_conditional_sql::sqlite::Statements;
    /// let versions = Statements::new().versions_column(1);
    /// let sql = format!(
    ///     "SELECT id, text, versions FROM (SELECT {versions} AS versions) AS kept
    ///      LEFT JOIN notes ON true ORDER BY id"
    /// );
    /// ```
    #[must_use]
    pub fn versions_column(&self, first: u16) -> String {
        format!("({})", read(&self.versions, first))
    }

    /// Returns the statement that reads the number of the latest event in a table of
    /// [`Schema::events`](super::Schema::events). It is 0 before the first event.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn latest_event(table: impl Into<String>) -> Result<String, InvalidSchema> {
        let table = SqliteIdentifier::new(table)?;
        Ok(format!("SELECT coalesce(max(id), 0) FROM {table}"))
    }

    /// Returns the state of a scope from the text that [`read`](Self::read) returned.
    ///
    /// A row without a version is [`Current::Absent`]. A table and a group are always
    /// [`Current::Present`]. The state is [`Current::Unknown`] only for a key that SQLite
    /// spells in another way; see [`Scope`].
    ///
    /// # Errors
    ///
    /// Returns [`ScopeError::NotWatched`] if the scope is not watched, and
    /// [`ScopeError::NotVersions`] for a value of another statement.
    pub fn current(
        &self,
        scope: &Scope,
        versions: impl AsRef<[u8]>,
    ) -> Result<Current, ScopeError> {
        let Some([version, mark, spelling]) = parse(versions.as_ref()) else {
            return Err(ScopeError::NotVersions(scope.clone()));
        };
        let Some(mark) = mark else {
            return Err(ScopeError::NotWatched(scope.clone()));
        };
        if let Some(value) = scope.value()
            && !is_canonical(spelling.unwrap_or_default(), value)
        {
            return Ok(Current::Unknown);
        }
        if version.is_none() && !scope.is_collection() {
            return Ok(Current::Absent);
        }
        // A group without a write since the installation has the version of the mark.
        let version = version.unwrap_or(mark);
        Ok(self.tags_of(scope).number(version).into())
    }
}

impl Default for Statements {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns a query for one text with the version of a scope, that of its mark, and the
/// code of its spelling, separated by spaces.
fn read(table: &SqliteIdentifier, first: u16) -> String {
    let watch_key = u32::from(first) + 1;
    format!(
        "SELECT printf('%s %s %s', (SELECT version FROM {table} WHERE scope = ?{first}),
    (SELECT version FROM {table} WHERE scope = ?{watch_key}),
    (SELECT version FROM {table} WHERE scope = '{SPELLING}' || ?{watch_key})) AS versions"
    )
}

/// Parses the text of [`read`]. An empty part is a version that does not exist.
fn parse(versions: &[u8]) -> Option<[Option<i64>; 3]> {
    let mut parts = str::from_utf8(versions).ok()?.split(' ');
    let mut parsed = [None; 3];
    for version in &mut parsed {
        let part = parts.next()?;
        if !part.is_empty() {
            *version = Some(part.parse().ok()?);
        }
    }
    parts.next().is_none().then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_parameter_number_does_not_overflow() {
        let column = Statements::new().versions_column(u16::MAX);
        assert!(column.contains("?65536"), "{column}");
    }

    fn current(scope: &Scope, found: &str) -> Result<Current, ScopeError> {
        Statements::new().current(scope, found)
    }

    #[test]
    fn a_watched_scope_has_the_state_of_its_version() {
        let (row, table) = (Scope::row("notes", 17), Scope::table("notes"));
        for (scope, found, version) in [
            (&row, "42 3 1", 42),
            (&table, "42 42 ", 42),
            (&table, " 3 ", 3),
        ] {
            let Ok(Current::Present(found)) = current(scope, found) else {
                panic!("{found:?} is a state");
            };
            let tag = VersionTags::plain().scope(scope).number(version);
            assert!(found.etag.unwrap().strong_eq(&tag));
        }
        assert!(matches!(current(&row, " 3 1"), Ok(Current::Absent)));
        let other = Scope::row("notes", "017");
        assert!(matches!(current(&other, "42 3 1"), Ok(Current::Unknown)));
        for found in ["  ", "42  ", "42  1"] {
            let error = current(&row, found).unwrap_err();
            assert_eq!(error, ScopeError::NotWatched(row.clone()));
        }
        for found in ["", "42", "42 3", "42 3 1 ", "42 3 x", "\u{e4} 3 1"] {
            let error = current(&row, found).unwrap_err();
            assert_eq!(error, ScopeError::NotVersions(row.clone()));
        }
    }
}
