use std::{error, fmt};

use tower_conditional::BoxError;

/// An error returned when a store is opened, or a [`Reconnecting`](crate::Reconnecting)
/// connection is made.
///
/// The text names the setting, the reason and the remedy. The `source()` is the error of the
/// client.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    reason: Option<String>,
    cause: Option<BoxError>,
}

/// The kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server cannot be reached, or did not answer `INFO` within the timeout.
    Connection,
    /// The start-up check refused the server. The text has all reasons, each with its remedy
    /// and with the [`Risk`](crate::Risk) that accepts it.
    Refused,
    /// A setting of the builder is invalid. Nothing was sent.
    InvalidConfig,
}

impl Error {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn connection(cause: impl Into<BoxError>) -> Self {
        Self {
            kind: ErrorKind::Connection,
            reason: None,
            cause: Some(cause.into()),
        }
    }

    pub(crate) fn refused(reason: String) -> Self {
        Self::with_reason(ErrorKind::Refused, reason)
    }

    pub(crate) fn invalid_config(reason: impl Into<String>) -> Self {
        Self::with_reason(ErrorKind::InvalidConfig, reason.into())
    }

    fn with_reason(kind: ErrorKind, reason: String) -> Self {
        Self {
            kind,
            reason: Some(reason),
            cause: None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Connection => {
                "the server did not answer (check its address, and the timeout)"
            }
            ErrorKind::Refused => "the server cannot keep what the store promises",
            ErrorKind::InvalidConfig => "invalid configuration",
        })?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let cause = self.cause.as_deref();
        cause.map(|cause| cause as &(dyn error::Error + 'static))
    }
}
