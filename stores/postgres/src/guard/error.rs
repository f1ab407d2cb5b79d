use std::{error, fmt};

use tower_conditional::handler::PreconditionFailed;

use crate::Error;

/// An error returned by [`Guarded::begin`](crate::Guarded::begin).
#[derive(Debug)]
#[non_exhaustive]
pub enum GuardError {
    /// The state is not what was expected: 412.
    Precondition(PreconditionFailed),
    /// The database failed, and the state is unknown.
    Database(Error),
}

impl From<PreconditionFailed> for GuardError {
    fn from(failed: PreconditionFailed) -> Self {
        Self::Precondition(failed)
    }
}

impl From<Error> for GuardError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<tokio_postgres::Error> for GuardError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Precondition(_) => "the state is not what was expected",
            Self::Database(_) => "the state could not be read",
        })
    }
}

impl error::Error for GuardError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Precondition(_) => None,
            Self::Database(error) => Some(error),
        }
    }
}
