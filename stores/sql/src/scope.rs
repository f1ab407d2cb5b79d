use std::fmt;

/// A row, a table, or a group of rows with the same value in a column, such as
/// those of one tenant. Each scope has one version.
///
/// A scope is written as one text: `row/notes/17`, `table/notes` or
/// `group/notes/tenant_id/acme`. In names and values, `%` and `/` become `%25` and
/// `%2F`. So each kind has a fixed number of parts, and no two scopes have the same
/// text. This text is the [scope of the tags](tower_conditional::VersionTags::scope).
///
/// # Spelling
///
/// Names are spelled as in the [`Watch`](crate::Watch). A value is spelled as the
/// database casts it to text:
///
/// - an integer as `17`;
/// - in PostgreSQL, a UUID in lower case with hyphens;
/// - in SQLite, a blob in lower-case hexadecimal digits.
///
/// For any other spelling, such as `017`, a source returns
/// [`Current::Unknown`](tower_conditional::Current::Unknown), and a guard returns an
/// error (`ErrorKind::OtherSpelling`). So parse the path as the handler does, and
/// pass the parsed value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    kind: ScopeKind,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ScopeKind {
    Row,
    Table,
    Group,
}

impl Scope {
    /// Creates the scope of the row with this key. It needs
    /// [`Watch::each_row`](crate::Watch::each_row).
    #[must_use]
    pub fn row(table: &str, key: impl fmt::Display) -> Self {
        Self {
            kind: ScopeKind::Row,
            text: format!("{}/{}", rows(table), escaped(&key.to_string())),
        }
    }

    /// Creates the scope of a whole table. It needs
    /// [`Watch::whole_table`](crate::Watch::whole_table).
    #[must_use]
    pub fn table(table: &str) -> Self {
        Self {
            kind: ScopeKind::Table,
            text: whole(table),
        }
    }

    /// Creates the scope of the rows with this value in a column. It needs
    /// [`Watch::each_group`](crate::Watch::each_group).
    #[must_use]
    pub fn group(table: &str, column: &str, value: impl fmt::Display) -> Self {
        Self {
            kind: ScopeKind::Group,
            text: format!("{}/{}", groups(table, column), escaped(&value.to_string())),
        }
    }

    /// Returns the text of the scope, as in the table of versions.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text of the entry that marks such scopes as watched. For
    /// `row/notes/17` it is `row/notes`, and for a table the text of the scope.
    #[must_use]
    pub fn watch_key(&self) -> &str {
        match (self.kind, self.text.rsplit_once('/')) {
            (ScopeKind::Row | ScopeKind::Group, Some((all, _))) => all,
            (ScopeKind::Row | ScopeKind::Group, None) | (ScopeKind::Table, _) => &self.text,
        }
    }

    /// Returns the key of a row or the value of a group, and `None` for a table.
    pub(crate) fn value(&self) -> Option<&str> {
        let (_, value) = self.text.rsplit_once('/')?;
        (self.kind != ScopeKind::Table).then_some(value)
    }

    /// Returns `true` if the scope is a table or a group, which exist without rows.
    #[must_use]
    pub fn is_collection(&self) -> bool {
        self.kind != ScopeKind::Row
    }
}

/// The bytes for [`VersionTags::scope`](tower_conditional::VersionTags::scope).
impl AsRef<[u8]> for Scope {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// Returns the prefix of the scopes of a table's rows. The entry with this text marks the
/// rows as watched.
pub(crate) fn rows(table: &str) -> String {
    format!("row/{}", escaped(table))
}

/// Returns the text of the scope of a table.
pub(crate) fn whole(table: &str) -> String {
    format!("table/{}", escaped(table))
}

/// Returns the prefix of the scopes of groups. The entry with this text marks the groups
/// as watched.
pub(crate) fn groups(table: &str, column: &str) -> String {
    format!("group/{}/{}", escaped(table), escaped(column))
}

/// Escapes a name or value, so that it is one part of a scope.
pub(crate) fn escaped(part: &str) -> String {
    part.replace('%', "%25").replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Scope;

    /// Without escaping, these parts would make the same text.
    #[test]
    fn no_two_scopes_have_the_same_text() {
        let parts = [
            "", "/", "a", "a/b", "b", "%", "%2F", "%25", "a%2Fb", "'", "ä", "\0", "%00",
        ];
        let mut texts = HashSet::new();
        for one in parts {
            assert!(texts.insert(Scope::table(one)));
            for two in parts {
                assert!(texts.insert(Scope::row(one, two)));
                for three in parts {
                    assert!(texts.insert(Scope::group(one, two, three)));
                }
            }
        }
        let texts: HashSet<_> = texts.iter().map(Scope::as_str).collect();
        let number = parts.len();
        assert_eq!(texts.len(), number + number.pow(2) + number.pow(3));
    }

    #[test]
    fn the_watch_key_is_the_prefix_of_the_scope() {
        assert_eq!(Scope::row("notes", "a/b").watch_key(), "row/notes");
        assert_eq!(Scope::table("notes").watch_key(), "table/notes");
        assert_eq!(
            Scope::group("notes", "of", "").watch_key(),
            "group/notes/of"
        );
    }
}
