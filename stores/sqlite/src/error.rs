use std::{error, fmt};

use rusqlite::{ErrorCode, ffi};

use crate::{Scope, ScopeError};

/// An error returned by a [`Database`](crate::Database), a source or a
/// [`Schema`](crate::Schema).
///
/// Its `source()` is the error of the driver or the system, or names the scope or
/// tables that the error is about.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    cause: Option<Box<dyn error::Error + Send + Sync>>,
}

/// The kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// SQLite refused, or the database could not be opened.
    Database,
    /// The database was closed before.
    Closed,
    /// The job panicked. Its transaction is rolled back.
    Panicked,
    /// The job left a transaction open, which is rolled back.
    OpenTransaction,
    /// The answer took longer than it was given.
    TimedOut,
    /// No trigger of a [`Schema`](crate::Schema) keeps a version for this scope.
    NotWatched,
    /// SQLite spells the key of the scope in another way, such as `17` for `017`.
    /// See [`Scope`](crate::Scope).
    OtherSpelling,
    /// A table cannot be watched. The `source()` has the reasons.
    Refused,
    /// A watched table changed after the schema was installed: see
    /// [`Install::verify`](crate::Install::verify). The `source()` has the reasons.
    Changed,
    /// The commit failed in a way, as of a broken disk, that leaves open
    /// whether the write is there once the file is opened again. Never take it
    /// for a success, nor for a failure.
    OutcomeUnknown,
}

impl Error {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns `true` if another writer was in the way: the key is taken, or the
    /// lock was not free within the busy timeout. Nothing was written.
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

    /// Of a commit. Only locks and deferred constraints are looked at before
    /// anything is written.
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

    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self { kind, cause: None }
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

    /// Returns an error with these reasons as its source, unless there are none.
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
                kind: ErrorKind::Database,
                cause: Some(Box::new(error)),
            },
        }
    }
}

/// The database's thread could not be started.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self {
            kind: ErrorKind::Database,
            cause: Some(Box::new(error)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Database => "the database failed",
            ErrorKind::Closed => "the database is closed",
            ErrorKind::Panicked => "a job for the database panicked",
            ErrorKind::OpenTransaction => "a job for the database left a transaction open",
            ErrorKind::TimedOut => "the database took too long",
            ErrorKind::NotWatched => "no trigger keeps a version for this scope",
            ErrorKind::OtherSpelling => "SQLite spells the key of the scope in another way",
            ErrorKind::Refused => "a table cannot be watched",
            ErrorKind::Changed => "a watched table changed since the schema was installed",
            ErrorKind::OutcomeUnknown => "nobody knows whether the write was committed",
        })
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(self.cause.as_deref()?)
    }
}
