//! `Cache-Control`, typed (RFC 9111, section 5.2; RFC 5861; RFC 8246).

use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, EXPIRES},
};

mod check;
mod configuration;
mod conflict;
mod directives;
mod display;
mod error;
mod extension;
mod grant;
mod merge;
mod parse;
mod raw_directive;
mod request;
mod response;
mod seconds;
#[cfg(feature = "serde")]
mod serde_impls;
mod syntax;
mod targeted;
#[cfg(test)]
mod tests;
mod unknown_directive;

pub use conflict::DirectiveConflict;
pub use error::InvalidCachePolicy;
pub use extension::Extension;
pub use request::RequestCacheControl;
pub use response::CacheControl;

pub(crate) use directives::{DirectiveScope, Directives, ParsedField};
pub(crate) use seconds::whole_seconds;
pub(crate) use syntax::Syntax;
pub(crate) use targeted::{CDN_CACHE_CONTROL, SURROGATE_CONTROL, is_targeted, parse_field};

use raw_directive::raw_directives;

/// Returns `true` if any line contains `no-store`, in any case (RFC 9111, section 5.2.2.5).
#[must_use]
pub fn has_no_store(headers: &HeaderMap) -> bool {
    // `no-store` with an invalid argument counts too, so a mistake never makes the policy laxer.
    raw_directives(headers.get_all(CACHE_CONTROL)).any(|directive| directive.is(b"no-store"))
}

/// Sets `Cache-Control: no-store`, and removes `Expires` and all targeted headers.
///
/// Some caches read those headers before `Cache-Control` (RFC 9213, section 2.2).
pub(crate) fn forbid_storing(headers: &mut HeaderMap) {
    headers.remove(EXPIRES);
    let targeted = headers.keys().filter(|field| is_targeted(field));
    for field in targeted.cloned().collect::<Vec<_>>() {
        headers.remove(field);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
