//! What the layers ask of `Cache-Control` (RFC 9111, section 5.2).

use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, EXPIRES},
};

use super::list::members;

/// Whether any line says `no-store` (RFC 9111, section 5.2.2.5), in whatever
/// case.
#[must_use]
pub fn no_store(headers: &HeaderMap) -> bool {
    members(headers.get_all(CACHE_CONTROL)).any(|directive| {
        // An argument that should not be there never makes the policy laxer.
        let name = directive
            .split(|byte| *byte == b'=')
            .next()
            .unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"no-store")
    })
}

/// Makes a response one that no cache keeps: `no-store`, and no other lifetime,
/// for caches that do not look at `Cache-Control` first (RFC 9213, section 2.2)
/// either.
pub(crate) fn forbid_storing(headers: &mut HeaderMap) {
    for name in [EXPIRES.as_str(), "cdn-cache-control", "surrogate-control"] {
        headers.remove(name);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
