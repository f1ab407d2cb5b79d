use std::{error::Error, fmt};

use http::StatusCode;

/// A base that requests cannot be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidBase(pub(super) ());

impl fmt::Display for InvalidBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cache is at an absolute URI, without a query where paths go behind it")
    }
}

impl Error for InvalidBase {}

/// A cache that answered with another status than 2xx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPurged(pub(super) StatusCode);

impl NotPurged {
    /// What the cache answered.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0
    }
}

impl fmt::Display for NotPurged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the cache answered {}", self.0)
    }
}

impl Error for NotPurged {}
