use std::fmt;

/// A row, a table, or a group of rows with the same value in a column, such as
/// those of one tenant. Each has one version.
///
/// It is spelled as one text, `row/notes/17`, `table/notes` or
/// `group/notes/tenant_id/acme`, in which `%` and `/` of names and values are
/// `%25` and `%2F`. So the text shows the kind, each kind has a fixed number of
/// parts, and no two scopes share a text. `tower-conditional-postgres` spells
/// the same scope in the same way. This text is the
/// [scope of the tags](tower_conditional::VersionTags::scope).
///
/// Names are spelled as they are in the [`Watch`](crate::Watch). A value is
/// spelled as SQLite casts it to text: an integer as `17`, a blob in lower-case
/// hexadecimal digits. For other spellings, such as `017`, a source has no state
/// ([`Current::Unknown`](tower_conditional::Current)),
/// and a guard returns an error
/// ([`ErrorKind::OtherSpelling`](crate::ErrorKind::OtherSpelling)). So parse the
/// path as the handler does, and pass the value.
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
    /// One row, by its key: needs [`Watch::each_row`](crate::Watch::each_row).
    #[must_use]
    pub fn row(table: &str, key: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Row,
            text: format!("{}/{}", rows(table), escaped(&key.to_string())),
        }
    }

    /// A whole table: needs [`Watch::whole_table`](crate::Watch::whole_table).
    #[must_use]
    pub fn table(table: &str) -> Self {
        Self {
            kind: Kind::Table,
            text: whole(table),
        }
    }

    /// The rows with this value in a column: needs [`Watch::each_group`](crate::Watch::each_group).
    #[must_use]
    pub fn group(table: &str, column: &str, value: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Group,
            text: format!("{}/{}", groups(table, column), escaped(&value.to_string())),
        }
    }

    /// The text that stands in the table of versions.
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

    /// Returns `true` if it is absent until it is written. A table or group exists
    /// even without rows.
    pub(crate) fn is_row(&self) -> bool {
        self.kind == Kind::Row
    }
}

/// For [`VersionTags::scope`](tower_conditional::VersionTags::scope).
impl AsRef<[u8]> for Scope {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// The entry that ends with a table's declaration at its installation. No [`Scope`]
/// has this text.
pub(crate) fn declarations(table: &str) -> String {
    format!("declaration/{}", escaped(table))
}

/// The entry with the [code](crate::spelling::code) of the column whose values are
/// in these scopes.
pub(crate) fn spelling(watched: &str) -> String {
    format!("spelling/{watched}")
}

/// What all rows of a table start with; alone, that its rows are watched.
pub(crate) fn rows(table: &str) -> String {
    format!("row/{}", escaped(table))
}

pub(crate) fn whole(table: &str) -> String {
    format!("table/{}", escaped(table))
}

/// What all groups start with; alone, that the groups are watched.
pub(crate) fn groups(table: &str, column: &str) -> String {
    format!("group/{}/{}", escaped(table), escaped(column))
}

fn escaped(part: &str) -> String {
    part.replace('%', "%25").replace('/', "%2F")
}

/// SQL for a scope's text from the column of a row, `NULL` for `NULL`; the
/// other half of [`escaped`].
pub(crate) fn sql(all: &str, column: &str) -> String {
    let all = crate::name::literal(all);
    format!(
        "{all} || '/' || CASE typeof({column}) WHEN 'blob' THEN lower(hex({column})) \
         ELSE replace(replace({column}, '%', '%25'), '/', '%2F') END"
    )
}
