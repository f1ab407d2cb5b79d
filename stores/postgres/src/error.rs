use std::{error, fmt};

use tokio_postgres::error::{Severity, SqlState};

/// Why the database could not do what it was asked to.
///
/// Its `source()` is what the driver or the pool said, where one of them did.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    cause: Option<Box<dyn error::Error + Send + Sync>>,
}

/// What kind of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// PostgreSQL refused, or the connection broke.
    Database,
    /// The pool gave no connection.
    Pool,
    /// The answer took longer than it was given.
    TimedOut,
    /// No trigger of a [`Schema`](crate::Schema) keeps a version for this scope.
    NotWatched,
    /// The key in a scope is not spelled as PostgreSQL spells it, as `017` for
    /// the integer `17`. See [`Scope`](crate::Scope).
    OtherSpelling,
    /// Others replaced a row again and again while its state was to be read.
    /// Nothing was written; see [`is_conflict`](Error::is_conflict).
    Unsettled,
    /// A table cannot be watched, or keep events. The source tells the reasons.
    Refused,
    /// A watched table changed since the schema was installed: see
    /// [`Schema::verify`](crate::Schema::verify). The source tells the reasons.
    Changed,
    /// A query gave a column of a type that makes no version.
    NotAVersion,
    /// A query that guards a write does not lock what it reads.
    NotLocking,
    /// Nobody knows whether the transaction was committed: the connection
    /// broke while it was. Never take it for a success, nor for a failure.
    OutcomeUnknown,
}

impl Error {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether another writer was faster or in the way: the key is taken
    /// (`23505`), a serialization failure (`40001`), a deadlock (`40P01`), or a
    /// lock that was not to be had (`55P03`), or the row was replaced again and
    /// again. Nothing was written.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        if self.kind == ErrorKind::Unsettled {
            return true;
        }
        let conflicts = [
            SqlState::UNIQUE_VIOLATION,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
        ];
        let cause = self.cause.as_deref();
        cause
            .and_then(|cause| cause.downcast_ref())
            .and_then(tokio_postgres::Error::code)
            .is_some_and(|code| conflicts.contains(code))
    }

    pub(crate) fn of(kind: ErrorKind) -> Self {
        Self { kind, cause: None }
    }

    /// With the reasons as its source.
    pub(crate) fn changed(reasons: &[String]) -> Self {
        Self {
            kind: ErrorKind::Changed,
            cause: Some(reasons.join("; ").into()),
        }
    }

    /// Reads the reasons from an installation that refused.
    pub(crate) fn of_install(error: tokio_postgres::Error) -> Self {
        let refused = error
            .as_db_error()
            .filter(|error| *error.code() == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
        match refused.map(|error| error.message().to_owned()) {
            Some(reasons) => Self {
                kind: ErrorKind::Refused,
                cause: Some(reasons.into()),
            },
            None => error.into(),
        }
    }

    /// What a failed `COMMIT` means. After an `ERROR` the server has rolled
    /// back and says so on a connection that lives on; all else is silence.
    pub(crate) fn of_commit(error: tokio_postgres::Error) -> Self {
        let severity = error
            .as_db_error()
            .and_then(|error| error.parsed_severity());
        Self {
            kind: match severity {
                Some(Severity::Error) => ErrorKind::Database,
                _ => ErrorKind::OutcomeUnknown,
            },
            cause: Some(Box::new(error)),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self {
            kind: ErrorKind::Database,
            cause: Some(Box::new(error)),
        }
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self {
            kind: ErrorKind::Pool,
            cause: Some(Box::new(error)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Database => "PostgreSQL failed",
            ErrorKind::Pool => "no connection to PostgreSQL",
            ErrorKind::TimedOut => "PostgreSQL took too long",
            ErrorKind::NotWatched => "no trigger keeps a version for this scope",
            ErrorKind::OtherSpelling => "PostgreSQL spells the key of the scope in another way",
            ErrorKind::Unsettled => "the row was replaced each time when it was read",
            ErrorKind::Refused => "a table cannot be watched",
            ErrorKind::Changed => "a watched table changed since the schema was installed",
            ErrorKind::NotAVersion => "the query gave a column of a type that makes no version",
            ErrorKind::NotLocking => {
                "a query that guards a write says FOR UPDATE, and not SKIP LOCKED"
            }
            ErrorKind::OutcomeUnknown => "nobody knows whether the transaction was committed",
        })
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(self.cause.as_deref()?)
    }
}
