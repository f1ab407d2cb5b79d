use std::{error, fmt};

use crate::Scope;

/// An error returned by the setters of a schema, and wherever a table is named.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidSchema {
    /// A name that is empty or has a NUL. For PostgreSQL, also one that has too many
    /// dots, or makes a name of more than 63 bytes, which would be cut off.
    Name(String),
    /// A name that is there twice; SQLite does not tell `a` from `A`.
    Twice(String),
    /// A watch of this table that watches neither rows, nor the table, nor groups.
    Nothing(String),
    /// A number of slots other than 1 to 64.
    Slots(u16),
}

impl fmt::Display for InvalidSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "invalid name {name:?}: it is empty or too long, or has a NUL or too many dots"
            ),
            Self::Twice(name) => write!(f, "{name:?} is there twice"),
            Self::Nothing(table) => write!(f, "the watch of {table:?} watches nothing"),
            Self::Slots(slots) => write!(f, "there are 1 to 64 slots, not {slots}"),
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
                    "no trigger keeps a version for scope {:?}",
                    scope.as_str()
                )
            }
            Self::NotVersions(scope) => {
                write!(f, "the value has no versions of scope {:?}", scope.as_str())
            }
        }
    }
}

impl error::Error for ScopeError {}
