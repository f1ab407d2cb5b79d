//! The presence of the headers that a policy changes.

use http::{
    HeaderMap,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, EXPIRES, LAST_MODIFIED,
        SET_COOKIE, VARY,
    },
};

use crate::semantics::caching::{cache_control::is_targeted, no_vary_search::NO_VARY_SEARCH};

/// The headers of a response that a policy depends on, found in one pass.
#[derive(Default)]
pub(super) struct CacheHeaders {
    /// `Cache-Control`, `Expires` or a targeted header.
    pub(super) policy: bool,
    pub(super) cookies: bool,
    pub(super) vary: bool,
    pub(super) no_vary_search: bool,
}

impl CacheHeaders {
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        let mut present = Self::default();
        for name in headers.keys() {
            match *name {
                CACHE_CONTROL | EXPIRES => present.policy = true,
                SET_COOKIE => present.cookies = true,
                VARY => present.vary = true,
                // Nearly every response has these. They skip the comparison of names below.
                CONTENT_TYPE | CONTENT_LENGTH | ETAG | LAST_MODIFIED | DATE => {}
                _ if *name == NO_VARY_SEARCH => present.no_vary_search = true,
                _ => present.policy |= is_targeted(name),
            }
        }
        present
    }
}

/// Returns `true` if a response has a policy of its own: `Cache-Control`, `Expires` or a targeted
/// header.
#[cfg(feature = "tokio")]
pub(crate) fn has_policy(headers: &HeaderMap) -> bool {
    CacheHeaders::from_headers(headers).policy
}
