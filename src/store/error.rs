use std::{error::Error, fmt};

use crate::BoxError;

/// An error returned by a store.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: BoxError,
}

/// The kind of a [`StoreError`]: what is known of the step that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The step changed nothing: the store could not be reached, refused it or has no room.
    NotApplied,
    /// The step may have been applied: its answer was lost.
    Ambiguous,
    /// The record cannot be read.
    Corrupt,
}

impl StoreError {
    /// Creates an error after which nothing has changed.
    pub fn not_applied(source: impl Into<BoxError>) -> Self {
        Self::new(StoreErrorKind::NotApplied, source.into())
    }

    /// Creates an error after which the step may have been applied.
    pub fn ambiguous(source: impl Into<BoxError>) -> Self {
        Self::new(StoreErrorKind::Ambiguous, source.into())
    }

    /// Creates an error about a record that cannot be read.
    pub fn corrupt(source: impl Into<BoxError>) -> Self {
        Self::new(StoreErrorKind::Corrupt, source.into())
    }

    fn new(kind: StoreErrorKind, source: BoxError) -> Self {
        Self { kind, source }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::NotApplied => "the store did not apply the step",
            StoreErrorKind::Ambiguous => "the store may have applied the step",
            StoreErrorKind::Corrupt => "the store has a record that cannot be read",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
