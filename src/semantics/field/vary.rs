//! `Vary`: which request fields chose the representation
//! (RFC 9110, section 12.5.5).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};

use super::{
    lines,
    list::{is_token, members, trim_ows},
};

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
pub fn merge(
    headers: &mut HeaderMap,
    fields: impl IntoIterator<Item = HeaderName, IntoIter: Clone>,
) {
    let added = fields.into_iter();
    let there = || members(lines::lines(headers, &VARY));
    let is_there =
        |name: &HeaderName| there().any(|other| other.eq_ignore_ascii_case(name.as_ref()));
    // `*` is a valid field name to the type.
    let is_missing = |name: &HeaderName| name.as_str() != "*" && !is_there(name);
    let missing = || added.clone().filter(is_missing);
    if missing().next().is_none() || is_any(headers) {
        return;
    }
    let valid = || there().filter(|member| member.iter().copied().all(is_token));
    let lengths = missing().map(|name| name.as_str().len());
    let lengths = lengths.chain(valid().map(<[u8]>::len));
    // Exactly, so that the value is the one allocation.
    let room = lengths
        .map(|length| length + SEPARATOR.len())
        .sum::<usize>();
    let mut line = Vec::with_capacity(room - SEPARATOR.len());
    valid().for_each(|name| push_once(&mut line, name));
    missing().for_each(|name| push_once(&mut line, name.as_ref()));
    headers.insert(VARY, value(line));
}

const SEPARATOR: &[u8] = b", ";

/// Beyond so many names one may stay twice, so that the time is linear.
const COMPARED: usize = 64;

/// The value of the field for these names.
pub(crate) fn line(names: &[HeaderName]) -> HeaderValue {
    let mut line = Vec::new();
    for name in names {
        push_once(&mut line, name.as_ref());
    }
    value(line)
}

fn push_once(line: &mut Vec<u8>, name: &[u8]) {
    let there = line.split(|byte| *byte == b',').map(trim_ows);
    if there
        .take(COMPARED)
        .any(|other| other.eq_ignore_ascii_case(name))
    {
        return;
    }
    if !line.is_empty() {
        line.extend_from_slice(SEPARATOR);
    }
    line.extend(name.iter().map(u8::to_ascii_lowercase));
}

fn value(line: Vec<u8>) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(line)).expect("field names are visible ASCII")
}
