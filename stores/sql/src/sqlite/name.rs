use std::fmt;

use crate::InvalidSchema;

/// The name of a table, column or trigger, displayed as an SQL identifier.
///
/// It is not empty and has no NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqliteIdentifier(Box<str>);

impl SqliteIdentifier {
    pub(crate) fn new(name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let name = name.into();
        if name.is_empty() || name.contains('\0') {
            return Err(InvalidSchema::Name(name));
        }
        Ok(Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` if both names are the same for SQLite.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Returns a longer name that starts with this one.
    pub(crate) fn with_suffix(&self, rest: &str) -> Self {
        Self(format!("{}{rest}", self.0).into())
    }
}

impl fmt::Display for SqliteIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// Returns a text as an SQL literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
