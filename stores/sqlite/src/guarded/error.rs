use std::{error, fmt};

use tower_conditional::handler::PreconditionFailed;

use crate::Error;

/// An error returned by [`Database::guarded`](crate::Database::guarded).
#[derive(Debug)]
#[non_exhaustive]
pub enum GuardError {
    /// The state is not what the request expects: 412.
    Precondition(PreconditionFailed),
    /// The database failed, or the write returned an error.
    Database(Error),
}

impl From<Error> for GuardError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Precondition(_) => "the state is not what the request expects",
            Self::Database(_) => "the guarded write failed",
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
