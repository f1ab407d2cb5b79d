//! What the layers ask of `Cache-Control` (RFC 9111, section 5.2).

use http::{HeaderMap, header::CACHE_CONTROL};

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
