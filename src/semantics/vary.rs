//! `Vary`: which request fields chose the representation
//! (RFC 9110, section 12.5.5).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};

use super::list::members;

/// Whether `Vary` holds `*`: something beyond the request's fields chose.
#[must_use]
pub fn is_any(headers: &HeaderMap) -> bool {
    members(headers.get_all(VARY)).any(|member| member == b"*")
}

/// The field names in `Vary`, over all its lines. Malformed members and `*`
/// are left out.
pub fn names(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    members(headers.get_all(VARY))
        .filter(|member| *member != b"*")
        .filter_map(|member| HeaderName::from_bytes(member).ok())
}

/// Adds `fields` to `Vary`: the union of what is there and what is new, each
/// name once, in lower case.
///
/// A `*` that is there absorbs everything, and none is ever added. When
/// nothing is missing, the lines stay as they are.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header};
/// use tower_conditional::semantics::vary;
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::VARY, HeaderValue::from_static("x-lang, ORIGIN"));
/// vary::merge(&mut headers, [header::ORIGIN, header::ACCEPT_ENCODING]);
/// assert_eq!(headers[header::VARY], "x-lang, origin, accept-encoding");
/// ```
pub fn merge(headers: &mut HeaderMap, fields: impl IntoIterator<Item = HeaderName>) {
    let mut missing = fields
        .into_iter()
        // `*` is a valid field name to the type.
        .filter(|name| name.as_str() != "*" && !names(headers).any(|there| there == *name))
        .peekable();
    if missing.peek().is_none() || is_any(headers) {
        return;
    }
    let mut union: Vec<HeaderName> = Vec::new();
    for name in names(headers).chain(missing) {
        push_once(&mut union, name);
    }
    headers.insert(VARY, line(&union));
}

/// The value of the field for these names.
pub(crate) fn line(names: &[HeaderName]) -> HeaderValue {
    let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
    HeaderValue::from_maybe_shared(Bytes::from(names.join(", ")))
        .expect("field names are visible ASCII")
}

fn push_once(union: &mut Vec<HeaderName>, name: HeaderName) {
    if !union.contains(&name) {
        union.push(name);
    }
}
