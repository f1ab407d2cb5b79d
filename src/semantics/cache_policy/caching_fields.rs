//! One look at a head, before a policy meets it.

use http::HeaderMap;

use crate::semantics::cache_control::is_targeted;

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
            match name.as_str() {
                "cache-control" | "expires" => there.policy = true,
                "set-cookie" => there.cookies = true,
                "vary" => there.vary = true,
                "no-vary-search" => there.no_vary_search = true,
                _ => there.policy |= is_targeted(name),
            }
        }
        there
    }
}
