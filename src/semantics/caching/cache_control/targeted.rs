//! Fields for some caches only (RFC 9213), which hide `Cache-Control` from them.

use http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};
use sfv::{Dictionary, Parser};

use super::{Lines, Syntax};
use crate::semantics::field::lines;

pub(crate) const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
/// Of the Edge Architecture note; it knows `no-store` and no `private`.
pub(crate) const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");

/// Whether a field is one of these, as far as they are known.
pub(crate) fn is_targeted(field: &HeaderName) -> bool {
    let name = field.as_str();
    // Nearly all names are too short, and every response is asked for its fields.
    match name.len() {
        ..17 => false,
        17 => *field == CDN_CACHE_CONTROL || *field == SURROGATE_CONTROL,
        _ => name.ends_with("-cdn-cache-control"),
    }
}

/// What `Cache-Control` or a targeted field says, if it is there.
pub(crate) fn lines_of(headers: &HeaderMap, field: &HeaderName) -> Option<Lines> {
    if !lines::has(headers, field) {
        return None;
    }
    if *field == CACHE_CONTROL {
        return Some(Lines::of(
            lines::lines(headers, field),
            Syntax::CacheControl,
        ));
    }
    let mut lines = Lines::of(lines::lines(headers, field), Syntax::Targeted);
    // Caches ignore all of one that is no Dictionary (RFC 9213, section 2.1).
    // Surrogate-Control is older than that.
    if *field != SURROGATE_CONTROL {
        let is_dictionary = |line: &HeaderValue| {
            let parser = Parser::new(line.as_bytes());
            parser.parse::<Dictionary>().is_ok()
        };
        lines.clear &= lines::lines(headers, field).all(is_dictionary);
    }
    Some(lines)
}
