//! `Cache-Control`, typed (RFC 9111, section 5.2; RFC 5861; RFC 8246).

use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, EXPIRES},
};

mod check;
mod configuration;
mod conflict;
mod directive;
mod error;
mod extension;
mod known;
mod merge;
mod read;
mod request;
mod response;
mod seconds;
#[cfg(feature = "serde")]
mod serialized;
mod syntax;
mod targeted;
mod text;
mod unknown;

pub use conflict::DirectiveConflict;
pub use error::InvalidCachePolicy;
pub use extension::Extension;
pub use request::RequestCacheControl;
pub use response::CacheControl;

pub(crate) use known::{Known, Lines, Scope};
pub(crate) use seconds::of as whole_seconds;
pub(crate) use syntax::Syntax;
pub(crate) use targeted::{CDN_CACHE_CONTROL, SURROGATE_CONTROL, is_targeted, lines_of};

use directive::directives;

/// Returns `true` if any line says `no-store` (RFC 9111, section 5.2.2.5), in whatever
/// case.
#[must_use]
pub fn no_store(headers: &HeaderMap) -> bool {
    // An argument that should not be there never makes the policy laxer.
    directives(headers.get_all(CACHE_CONTROL)).any(|directive| directive.is(b"no-store"))
}

/// Makes a response one that no cache keeps: `no-store`, and no other lifetime,
/// for caches that do not look at `Cache-Control` first (RFC 9213, section 2.2)
/// either.
pub(crate) fn forbid_storing(headers: &mut HeaderMap) {
    headers.remove(EXPIRES);
    let targeted = headers.keys().filter(|field| is_targeted(field));
    for field in targeted.cloned().collect::<Vec<_>>() {
        headers.remove(field);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
