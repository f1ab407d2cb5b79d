//! Lookup of headers by name.
//!
//! Names are compared, not hashed: a message has few headers, so comparing all names costs less
//! than hashing one.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Returns `true` if the header is present.
#[inline]
pub(crate) fn has(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.keys().any(|other| other == name)
}

/// Returns the first line of a header.
pub(crate) fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    // Most headers are missing, and comparing the names costs less than hashing one.
    has(headers, name).then(|| headers.get(name)).flatten()
}

/// Returns the line of a header that has exactly one.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut lines = lines(headers, name);
    match (lines.next(), lines.next()) {
        (Some(line), None) => Some(line),
        _ => None,
    }
}

/// Returns all lines of a header, in order.
pub(crate) fn lines<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a HeaderValue> {
    headers
        .iter()
        .filter_map(move |(other, value)| (other == name).then_some(value))
}

#[cfg(test)]
#[test]
fn lines_are_found_in_order() {
    let name = HeaderName::from_static("x-wanted");
    let mut headers = HeaderMap::new();
    headers.append("x-other", HeaderValue::from_static("0"));
    assert!(!has(&headers, &name));
    assert!(first(&headers, &name).is_none());
    assert!(only(&headers, &name).is_none());
    headers.append(&name, HeaderValue::from_static("1"));
    assert!(has(&headers, &name));
    assert_eq!(only(&headers, &name).unwrap(), "1");
    headers.append("x-other", HeaderValue::from_static("3"));
    headers.append(&name, HeaderValue::from_static("2"));
    assert_eq!(first(&headers, &name).unwrap(), "1");
    assert!(only(&headers, &name).is_none());
    assert_eq!(lines(&headers, &name).collect::<Vec<_>>(), ["1", "2"]);
}
