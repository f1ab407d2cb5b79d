use std::{error, fmt};

use tokio_postgres::error::{Severity, SqlState};

use crate::{Scope, ScopeError};

/// An error returned by a source, a guarded transaction or a [`Schema`](crate::Schema).
///
/// The text names the scope, query or tables that the error is about. The `source()` is
/// the error of the driver or the pool.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    reason: Option<String>,
    cause: Option<Box<dyn error::Error + Send + Sync>>,
}

/// The kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// PostgreSQL refused a statement, or the connection broke.
    Database,
    /// The pool returned no connection, or none within the timeout. Nothing was sent.
    Pool,
    /// The answer took longer than the timeout.
    TimedOut,
    /// No trigger of a [`Schema`](crate::Schema) keeps a version of the scope.
    NotWatched,
    /// PostgreSQL spells the key of the scope in another way, such as `17` for
    /// `017`. See [`Scope`](crate::Scope).
    OtherSpelling,
    /// Other writers replaced the row each time its state was read. Nothing was
    /// written; see [`is_conflict`](Error::is_conflict).
    Contention,
    /// A table cannot be watched, or cannot hold events or keys. The text has the reasons.
    Refused,
    /// A watched table changed after the schema was installed: see
    /// [`Install::verify`](crate::Install::verify). The text has the reasons.
    Changed,
    /// A query returned a column of a type that makes no version.
    InvalidVersion,
    /// A query that guards a write does not lock the rows that it reads.
    MissingLock,
    /// The record of an idempotency key cannot be read.
    CorruptRecord,
    /// SQL of the handler ended the transaction, such as `COMMIT` or `ROLLBACK`, and the commit
    /// of the crate came after that.
    ///
    /// Its writes before or after that may be committed. Do not report a success, or that nothing
    /// happened.
    TransactionEnded,
    /// The connection broke during the commit, so the transaction may be committed or
    /// not. Do not report a success or a failure.
    OutcomeUnknown,
}

impl Error {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns `true` if another writer was faster or held a lock. Nothing was written:
    /// try again.
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

    /// Returns `true` if the server answered with an error, so that the statement changed nothing.
    pub(crate) fn is_refused(&self) -> bool {
        let cause = self.cause.as_deref();
        let cause = cause.and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
        let answer = cause.and_then(tokio_postgres::Error::as_db_error);
        answer.is_some_and(|answer| answer.parsed_severity() == Some(Severity::Error))
    }

    /// Creates an error of the database with another error as its source.
    pub(crate) fn from_cause(cause: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self::with_cause(ErrorKind::Database, cause)
    }

    /// Creates an error without a reason.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        Self {
            kind,
            reason: None,
            cause: None,
        }
    }

    /// Creates an error with a reason in its text.
    pub(crate) fn with_reason(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: Some(reason.into()),
            cause: None,
        }
    }

    /// Creates an error with another error as its source.
    fn with_cause(kind: ErrorKind, cause: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self {
            kind,
            reason: None,
            cause: Some(cause.into()),
        }
    }

    /// Creates an error that names a scope.
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

    /// Maps the error of a failed `COMMIT`.
    ///
    /// An `ERROR` on a connection that stays open means that the server has rolled back.
    /// After any other error the outcome is unknown.
    pub(crate) fn from_commit(error: tokio_postgres::Error) -> Self {
        let severity = error
            .as_db_error()
            .and_then(|error| error.parsed_severity());
        let kind = match severity {
            Some(Severity::Error) => ErrorKind::Database,
            _ => ErrorKind::OutcomeUnknown,
        };
        Self::with_cause(kind, error)
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::with_cause(ErrorKind::Database, error)
    }
}

impl From<ScopeError> for Error {
    fn from(error: ScopeError) -> Self {
        match error {
            ScopeError::NotWatched(scope) => Self::for_scope(ErrorKind::NotWatched, &scope),
            error => Self::with_cause(ErrorKind::InvalidVersion, error),
        }
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::with_cause(ErrorKind::Pool, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Database => "PostgreSQL failed",
            ErrorKind::Pool => "the pool returned no connection to PostgreSQL",
            ErrorKind::TimedOut => "PostgreSQL took too long",
            ErrorKind::NotWatched => {
                "the schema does not watch the scope (watch its table and install the schema)"
            }
            ErrorKind::OtherSpelling => {
                "PostgreSQL spells the key of the scope in another way (pass the parsed value)"
            }
            ErrorKind::Contention => {
                "other writers replaced the row on each read (nothing was written, try again)"
            }
            ErrorKind::Refused => "a table cannot be used",
            ErrorKind::Changed => "a watched table changed since the schema was installed",
            ErrorKind::InvalidVersion => "the query returned no version",
            ErrorKind::MissingLock => {
                "a query that guards a write needs FOR UPDATE and no SKIP LOCKED"
            }
            ErrorKind::CorruptRecord => "the record of an idempotency key is corrupt",
            ErrorKind::TransactionEnded => {
                "SQL of the handler ended the transaction before its commit (remove COMMIT, \
                 ROLLBACK and the like; writes may have been committed)"
            }
            ErrorKind::OutcomeUnknown => "the commit failed with an unknown outcome",
        })?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(self.cause.as_deref()?)
    }
}
