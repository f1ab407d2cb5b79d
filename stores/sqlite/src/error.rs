use std::{error, fmt};

use rusqlite::{ErrorCode, ffi};

use tower_conditional::idempotency::CorruptRecord;

use crate::{Scope, ScopeError};

/// An error returned by a [`Database`](crate::Database), a source or a
/// [`Schema`](crate::Schema).
///
/// The text names the scope or tables that the error is about. The `source()` is the
/// error of the driver or the system.
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
    /// SQLite refused a statement, or the database could not be opened.
    Database,
    /// The database is closed.
    Closed,
    /// The file was deleted, moved or replaced since it was opened. The job did not run. See
    /// [`Database`](crate::Database#moved-files).
    FileMoved,
    /// The job panicked. Its transaction is rolled back.
    Panicked,
    /// The job left a transaction open. It is rolled back.
    OpenTransaction,
    /// The transaction ended before its job did. Nothing was written.
    ///
    /// The job went on after an error for which SQLite rolls back the whole transaction, or
    /// ran `COMMIT` or `ROLLBACK` itself.
    RolledBack,
    /// The answer took longer than the timeout.
    TimedOut,
    /// No trigger of a [`Schema`](crate::Schema) keeps a version of the scope.
    NotWatched,
    /// SQLite spells the key of the scope in another way, such as `17` for `017`.
    /// See [`Scope`](crate::Scope).
    OtherSpelling,
    /// A table cannot be watched, or cannot hold keys. The text has the reasons.
    Refused,
    /// A watched table changed after the schema was installed: see
    /// [`Install::verify`](crate::Install::verify). The text has the reasons.
    Changed,
    /// The record of an idempotency key cannot be read.
    CorruptRecord,
    /// The commit failed, for example because of a broken disk. The write may be there or
    /// not once the file is opened again. Do not report a success or a failure.
    OutcomeUnknown,
}

impl Error {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns `true` if another writer was faster or held a lock. Nothing was written.
    ///
    /// Either the key is taken, or the lock was not free within the busy timeout.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let cause = self.cause.as_deref();
        let Some(rusqlite::Error::SqliteFailure(failure, _)) =
            cause.and_then(|cause| cause.downcast_ref())
        else {
            return false;
        };
        let taken = [
            ffi::SQLITE_CONSTRAINT_UNIQUE,
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
            ffi::SQLITE_CONSTRAINT_ROWID,
        ];
        matches!(
            failure.code,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked
        ) || taken.contains(&failure.extended_code)
    }

    /// Maps the error of a failed commit.
    ///
    /// SQLite checks only locks and deferred constraints before it writes. After any other
    /// error the outcome is unknown.
    pub(crate) fn from_commit(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation | ErrorCode::DatabaseBusy) => ErrorKind::Database,
            _ => ErrorKind::OutcomeUnknown,
        };
        Self {
            kind,
            ..error.into()
        }
    }

    /// Maps the error that a job of a [`JobTransaction`](crate::transaction::JobTransaction)
    /// returned.
    pub(crate) fn from_job(error: rusqlite::Error) -> Self {
        let refused_commit = error
            .sqlite_error()
            .is_some_and(|failure| failure.extended_code == ffi::SQLITE_CONSTRAINT_COMMITHOOK);
        let error = Self::from(error);
        match refused_commit {
            true => Self {
                kind: ErrorKind::RolledBack,
                ..error
            },
            false => error,
        }
    }

    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            reason: None,
            cause: None,
        }
    }

    /// Creates an error with a reason in its text.
    pub(crate) fn with_reason(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::new(kind)
        }
    }

    /// Creates an error of the database with another error as its source.
    pub(crate) fn with_cause(cause: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorKind::Database)
        }
    }

    /// Creates an error that names a scope.
    pub(crate) fn for_scope(kind: ErrorKind, scope: &Scope) -> Self {
        Self::with_reason(kind, format!("scope {:?}", scope.as_str()))
    }

    /// Returns an error with these reasons, if there are any.
    pub(crate) fn if_any(kind: ErrorKind, reasons: &[String]) -> Result<(), Self> {
        if reasons.is_empty() {
            return Ok(());
        }
        Err(Self::with_reason(kind, reasons.join("; ")))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::FromSqlConversionFailure(_, _, cause) = &error
            && let Some(error) = cause.downcast_ref::<ScopeError>()
        {
            return error.clone().into();
        }
        Self::with_cause(error)
    }
}

impl From<CorruptRecord> for Error {
    fn from(error: CorruptRecord) -> Self {
        Self {
            kind: ErrorKind::CorruptRecord,
            ..Self::with_cause(error)
        }
    }
}

impl From<ScopeError> for Error {
    fn from(error: ScopeError) -> Self {
        match error {
            ScopeError::NotWatched(scope) => Self::for_scope(ErrorKind::NotWatched, &scope),
            error => Self::with_cause(error),
        }
    }
}

/// The conversion of an error that the start of the thread returned.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::with_cause(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Database => "the database failed",
            ErrorKind::Closed => "the database is closed",
            ErrorKind::FileMoved => {
                "the path names another file than the one that is open (open it again)"
            }
            ErrorKind::Panicked => "a job for the database panicked",
            ErrorKind::OpenTransaction => {
                "a job for the database left a transaction open, which was rolled back"
            }
            ErrorKind::RolledBack => {
                "the transaction of the job was rolled back before the job ended"
            }
            ErrorKind::TimedOut => "the database took too long",
            ErrorKind::NotWatched => {
                "the schema does not watch the scope (watch its table and install the schema)"
            }
            ErrorKind::OtherSpelling => {
                "SQLite spells the key of the scope in another way (pass the parsed value)"
            }
            ErrorKind::Refused => "a table cannot be used",
            ErrorKind::Changed => "a watched table changed since the schema was installed",
            ErrorKind::CorruptRecord => "the record of an idempotency key is corrupt",
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
