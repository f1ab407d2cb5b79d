use std::{error, fmt};

use tokio_postgres::error::{Severity, SqlState};

use crate::{Scope, ScopeError};

/// An error returned by a source, a guarded transaction or a [`Schema`](crate::Schema).
///
/// Its `source()` is the error of the driver or the pool, or names the scope,
/// query or tables that the error is about.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    cause: Option<Box<dyn error::Error + Send + Sync>>,
}

/// The kind of an [`Error`].
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
    /// PostgreSQL spells the key of the scope in another way, such as `17` for
    /// `017`. See [`Scope`](crate::Scope).
    OtherSpelling,
    /// Other writers replaced the row each time its state was read. Nothing was
    /// written; see [`is_conflict`](Error::is_conflict).
    Contention,
    /// A table cannot be watched or hold events. The `source()` has the reasons.
    Refused,
    /// A watched table changed after the schema was installed: see
    /// [`Install::verify`](crate::Install::verify). The `source()` has the reasons.
    Changed,
    /// A query gave a column of a type that makes no version.
    InvalidVersion,
    /// A query that guards a write does not lock what it reads.
    MissingLock,
    /// Nobody knows whether the transaction was committed: the connection
    /// broke while it was. Never take it for a success, nor for a failure.
    OutcomeUnknown,
}

impl Error {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns `true` if another writer was faster or in the way. Nothing was
    /// written: try again.
    ///
    /// The conflicts are a key that is taken (`23505`), a serialization failure
    /// (`40001`), a deadlock (`40P01`), a lock timeout (`55P03`), and
    /// [`ErrorKind::Contention`].
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        if self.kind == ErrorKind::Contention {
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

    /// An error with this reason as its source.
    pub(crate) fn with_reason(kind: ErrorKind, reason: impl Into<String>) -> Self {
        let cause = Some(reason.into().into());
        Self { kind, cause }
    }

    /// An error whose source names this scope.
    pub(crate) fn for_scope(kind: ErrorKind, scope: &Scope) -> Self {
        Self::with_reason(kind, format!("scope {:?}", scope.as_str()))
    }

    /// Maps the exception of an installation that refuses a table to
    /// [`ErrorKind::Refused`].
    pub(crate) fn from_install(error: tokio_postgres::Error) -> Self {
        let refused = error
            .as_db_error()
            .filter(|error| *error.code() == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
        match refused {
            Some(refused) => Self::with_reason(ErrorKind::Refused, refused.message()),
            None => error.into(),
        }
    }

    /// What a failed `COMMIT` means. After an `ERROR` the server has rolled
    /// back and says so on a connection that lives on; all else is silence.
    pub(crate) fn from_commit(error: tokio_postgres::Error) -> Self {
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

impl From<ScopeError> for Error {
    fn from(error: ScopeError) -> Self {
        match error {
            ScopeError::NotWatched(scope) => Self::for_scope(ErrorKind::NotWatched, &scope),
            error => Self {
                kind: ErrorKind::InvalidVersion,
                cause: Some(Box::new(error)),
            },
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
            ErrorKind::Contention => "the row was replaced each time when it was read",
            ErrorKind::Refused => "a table cannot be watched",
            ErrorKind::Changed => "a watched table changed since the schema was installed",
            ErrorKind::InvalidVersion => "the query gave a column of a type that makes no version",
            ErrorKind::MissingLock => {
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
