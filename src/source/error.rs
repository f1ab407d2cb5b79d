use std::{error::Error, fmt, sync::Arc};

/// Any error, as `tower` has it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a source could not tell the current state.
///
/// It is an extension of the response that was refused for it.
#[derive(Debug, Clone)]
pub struct SourceError {
    kind: SourceErrorKind,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`SourceError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// The source gave an error, which is this error's `source()`.
    Failed,
    /// The source took longer than it was given.
    TimedOut,
    /// The source panicked.
    Panicked,
}

impl SourceError {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }

    /// An error as a source gave it, which may be one of ours already.
    pub(crate) fn from_source(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(ours) => *ours,
            Err(other) => Self {
                kind: SourceErrorKind::Failed,
                cause: Some(other.into()),
            },
        }
    }

    pub(crate) fn panicked() -> Self {
        Self {
            kind: SourceErrorKind::Panicked,
            cause: None,
        }
    }

    pub(crate) fn timed_out() -> Self {
        Self {
            kind: SourceErrorKind::TimedOut,
            cause: None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SourceErrorKind::Failed => "the source of validators failed",
            SourceErrorKind::TimedOut => "the source of validators took too long",
            SourceErrorKind::Panicked => "the source of validators panicked",
        })
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause.as_deref()?)
    }
}
