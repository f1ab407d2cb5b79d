//! Targeted headers (RFC 9213): cache directives for some caches, which then ignore
//! `Cache-Control`.

use http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};
use sfv::{Dictionary, Parser};

use super::{ParsedField, Syntax};
use crate::semantics::field::lines;

pub(crate) const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
/// `Surrogate-Control` of the Edge Architecture note. It defines `no-store` and no `private`.
pub(crate) const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");

/// Returns `true` if the name is that of a targeted header.
///
/// These are `CDN-Cache-Control`, `Surrogate-Control` and names that end in
/// `-CDN-Cache-Control`.
pub(crate) fn is_targeted(field: &HeaderName) -> bool {
    let name = field.as_str();
    // This runs for every header of every response, and nearly all names are shorter.
    match name.len() {
        ..17 => false,
        17 => *field == CDN_CACHE_CONTROL || *field == SURROGATE_CONTROL,
        _ => name.ends_with("-cdn-cache-control"),
    }
}

/// Parses `Cache-Control` or a targeted header. Returns `None` if it is missing.
pub(crate) fn parse_field(headers: &HeaderMap, field: &HeaderName) -> Option<ParsedField> {
    if !lines::has(headers, field) {
        return None;
    }
    if *field == CACHE_CONTROL {
        return Some(ParsedField::parse(
            lines::lines(headers, field),
            Syntax::CacheControl,
        ));
    }
    let mut parsed = ParsedField::parse(lines::lines(headers, field), Syntax::Targeted);
    // Caches ignore a header that is not a Dictionary (RFC 9213, section 2.1).
    // Surrogate-Control is older than that rule.
    if *field != SURROGATE_CONTROL {
        let is_dictionary = |line: &HeaderValue| {
            let parser = Parser::new(line.as_bytes());
            parser.parse::<Dictionary>().is_ok()
        };
        parsed.unambiguous &= lines::lines(headers, field).all(is_dictionary);
    }
    Some(parsed)
}
