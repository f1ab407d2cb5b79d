//! The times in the head of a response.

use http::{
    HeaderMap,
    header::{DATE, EXPIRES, LAST_MODIFIED},
};

/// The fields of a response that hold a time, by one look at its head.
#[derive(Debug, Default)]
pub(crate) struct TimeFields {
    pub(crate) date: bool,
    last_modified_or_expires: bool,
}

impl TimeFields {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut there = Self::default();
        for name in headers.keys() {
            match *name {
                DATE => there.date = true,
                EXPIRES | LAST_MODIFIED => there.last_modified_or_expires = true,
                _ => {}
            }
        }
        there
    }

    /// Returns `true` if `Date` may be the time of the clock's last tick. A `Last-Modified`
    /// or an `Expires` may be later than that, and `Date` must not be earlier (RFC 9110,
    /// section 8.8.2.1).
    pub(crate) fn allow_coarse_date(&self) -> bool {
        !self.last_modified_or_expires
    }
}
