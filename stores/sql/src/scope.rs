use std::fmt;

/// A row, a table, or a group of rows with the same value in a column, such as
/// those of one tenant. Each has one version.
///
/// It is spelled as one text, `row/notes/17`, `table/notes` or
/// `group/notes/tenant_id/acme`, in which `%` and `/` of names and values are
/// `%25` and `%2F`. So the text shows the kind, each kind has a fixed number of
/// parts, and no two scopes share a text. This text is the
/// [scope of the tags](tower_conditional::VersionTags::scope).
///
/// Names are spelled as they are in the [`Watch`](crate::Watch). A value is
/// spelled as the database casts it to text: an integer as `17`; in PostgreSQL a
/// UUID in lower case with hyphens; in SQLite a blob in lower-case hexadecimal
/// digits. For other spellings, such as `017`, a source has no state
/// ([`Current::Unknown`](tower_conditional::Current::Unknown)), and a guard returns
/// an error (`ErrorKind::OtherSpelling`). So parse the path as the handler does, and
/// pass the value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Row,
    Table,
    Group,
}

impl Scope {
    /// Creates the scope of one row, by its key: needs [`Watch::each_row`](crate::Watch::each_row).
    #[must_use]
    pub fn row(table: &str, key: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Row,
            text: format!("{}/{}", rows(table), escaped(&key.to_string())),
        }
    }

    /// Creates the scope of a whole table: needs [`Watch::whole_table`](crate::Watch::whole_table).
    #[must_use]
    pub fn table(table: &str) -> Self {
        Self {
            kind: Kind::Table,
            text: whole(table),
        }
    }

    /// Creates the scope of the rows with this value in a column: needs
    /// [`Watch::each_group`](crate::Watch::each_group).
    #[must_use]
    pub fn group(table: &str, column: &str, value: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Group,
            text: format!("{}/{}", groups(table, column), escaped(&value.to_string())),
        }
    }

    /// Returns the text that stands in the table of versions.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text of the entry that says that such scopes are watched: for
    /// `row/notes/17` it is `row/notes`, for a table its own.
    #[must_use]
    pub fn watch_key(&self) -> &str {
        match (self.kind, self.text.rsplit_once('/')) {
            (Kind::Row | Kind::Group, Some((all, _))) => all,
            (Kind::Row | Kind::Group, None) | (Kind::Table, _) => &self.text,
        }
    }

    /// Returns the key of a row or the value of a group, and `None` for a table.
    pub(crate) fn value(&self) -> Option<&str> {
        let (_, value) = self.text.rsplit_once('/')?;
        (self.kind != Kind::Table).then_some(value)
    }

    /// Returns `true` if it is a table or group, which exists even without rows.
    #[must_use]
    pub fn is_collection(&self) -> bool {
        self.kind != Kind::Row
    }
}

/// For [`VersionTags::scope`](tower_conditional::VersionTags::scope).
impl AsRef<[u8]> for Scope {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// Returns the prefix of the scopes of a table's rows. As an entry of its own it says that
/// the rows are watched.
pub(crate) fn rows(table: &str) -> String {
    format!("row/{}", escaped(table))
}

pub(crate) fn whole(table: &str) -> String {
    format!("table/{}", escaped(table))
}

/// Returns the prefix of the scopes of groups. As an entry of its own it says that the
/// groups are watched.
pub(crate) fn groups(table: &str, column: &str) -> String {
    format!("group/{}/{}", escaped(table), escaped(column))
}

pub(crate) fn escaped(part: &str) -> String {
    part.replace('%', "%25").replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Scope;

    /// Parts that would run together if they were only joined.
    #[test]
    fn no_two_scopes_share_a_text() {
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
    fn is_watched_by_what_it_starts_with() {
        assert_eq!(Scope::row("notes", "a/b").watch_key(), "row/notes");
        assert_eq!(Scope::table("notes").watch_key(), "table/notes");
        assert_eq!(
            Scope::group("notes", "of", "").watch_key(),
            "group/notes/of"
        );
    }
}
