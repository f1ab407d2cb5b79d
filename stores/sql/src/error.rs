use std::{error, fmt};

use crate::Scope;

/// An error returned by the setters of a schema, and wherever a table is named.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidSchema {
    /// A name that is empty or has a NUL. For PostgreSQL also a name with more than one
    /// dot, or one of more than 63 bytes with its suffix, which would be cut off.
    Name(String),
    /// A name that is used twice. For SQLite `a` and `A` are the same name.
    DuplicateName(String),
    /// A watch of this table without rows, table or groups.
    NothingWatched(String),
    /// A number of slots other than 1 to 64.
    Slots(u16),
}

impl fmt::Display for InvalidSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "invalid name {name:?}: it is empty, has a NUL, is longer than 63 bytes, or has \
                 more than one dot"
            ),
            Self::DuplicateName(name) => {
                write!(f, "duplicate name {name:?}: use each table and column once")
            }
            Self::NothingWatched(table) => write!(
                f,
                "nothing to watch in table {table:?}: call each_row, whole_table or each_group"
            ),
            Self::Slots(slots) => write!(f, "invalid number of slots {slots}: use 1 to 64"),
        }
    }
}

impl error::Error for InvalidSchema {}

/// An error returned by `Statements::current`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeError {
    /// No trigger keeps a version for this scope.
    NotWatched(Scope),
    /// The value was not read by the statement for this scope.
    NotVersions(Scope),
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWatched(scope) => {
                write!(
                    f,
                    "no trigger keeps a version of scope {:?}: watch its table in the schema",
                    scope.as_str()
                )
            }
            Self::NotVersions(scope) => write!(
                f,
                "the value is not from the statement that reads the versions of scope {:?}",
                scope.as_str()
            ),
        }
    }
}

impl error::Error for ScopeError {}
