//! The headers of a response that hold a time.

use http::{
    HeaderMap,
    header::{DATE, EXPIRES, LAST_MODIFIED},
};

/// The presence of the headers that hold a time, found in one pass.
#[derive(Debug, Default)]
pub(crate) struct TimeFields {
    pub(crate) date: bool,
    last_modified_or_expires: bool,
}

impl TimeFields {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let mut present = Self::default();
        for name in headers.keys() {
            match *name {
                DATE => present.date = true,
                EXPIRES | LAST_MODIFIED => present.last_modified_or_expires = true,
                _ => {}
            }
        }
        present
    }

    /// Returns `true` if `Date` may be the time of the clock's last tick.
    ///
    /// `Last-Modified` and `Expires` may be later than the last tick, and `Date` must not be
    /// earlier than them (RFC 9110, section 8.8.2.1).
    pub(crate) fn allows_coarse_date(&self) -> bool {
        !self.last_modified_or_expires
    }
}
