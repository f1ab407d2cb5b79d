//! Fields for some caches only (RFC 9213), which hide `Cache-Control` from them.

use http::HeaderName;

pub(crate) const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
/// Of the Edge Architecture note; it knows `no-store` and no `private`.
pub(crate) const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");

/// Whether a field is one of these, as far as they are known.
pub(crate) fn is_targeted(field: &HeaderName) -> bool {
    let name = field.as_str();
    name == "surrogate-control"
        || name
            .strip_suffix("cdn-cache-control")
            .is_some_and(|vendor| vendor.is_empty() || vendor.ends_with('-'))
}
