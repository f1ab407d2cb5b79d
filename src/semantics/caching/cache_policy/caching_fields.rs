//! One look at a head, before a policy meets it.

use http::{
    HeaderMap,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, EXPIRES, LAST_MODIFIED,
        SET_COOKIE, VARY,
    },
};

use crate::semantics::caching::{cache_control::is_targeted, no_vary_search::NO_VARY_SEARCH};

/// Which fields are there that a policy has to do with, by one look at the head.
#[derive(Default)]
pub(super) struct CachingFields {
    /// `Cache-Control`, `Expires` or a targeted field.
    pub(super) policy: bool,
    pub(super) cookies: bool,
    pub(super) vary: bool,
    pub(super) no_vary_search: bool,
}

impl CachingFields {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut there = Self::default();
        for name in headers.keys() {
            match *name {
                CACHE_CONTROL | EXPIRES => there.policy = true,
                SET_COOKIE => there.cookies = true,
                VARY => there.vary = true,
                // Nearly every response has these, and no name is compared.
                CONTENT_TYPE | CONTENT_LENGTH | ETAG | LAST_MODIFIED | DATE => {}
                _ if *name == NO_VARY_SEARCH => there.no_vary_search = true,
                _ => there.policy |= is_targeted(name),
            }
        }
        there
    }
}
