//! `Vary`: the request headers that selected the representation (RFC 9110, section 12.5.5).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};

use super::{
    OrderedSet, lines,
    list::{is_tchar, members, trim_ows},
};

/// Returns `true` if `Vary` contains `*`: something other than request headers selected the
/// representation.
#[must_use]
pub fn is_any(headers: &HeaderMap) -> bool {
    members(headers.get_all(VARY)).any(|member| member == b"*")
}

/// Returns the names in all lines of `Vary`, without malformed members and `*`.
pub fn names(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    members(headers.get_all(VARY))
        .filter(|member| *member != b"*")
        .filter_map(|member| HeaderName::from_bytes(member).ok())
}

/// Adds names to `Vary`. The result has each name once, in lower case.
///
/// If `Vary` contains `*`, it is left unchanged. A `*` is never added. If no name is missing,
/// the lines stay unchanged.
pub fn merge(
    headers: &mut HeaderMap,
    fields: impl IntoIterator<Item = HeaderName, IntoIter: Clone>,
) {
    let added = fields.into_iter();
    let existing = || members(lines::lines(headers, &VARY));
    // The names are compared with each other below, which pays only for few.
    let are_few = added.size_hint().1.is_some_and(|most| most <= FEW);
    let listed = are_few.then(|| FewNames::of(existing())).flatten();
    let Some(listed) = listed else {
        return merge_many(headers, added);
    };
    let is_listed = |name: &HeaderName| listed.contains(name);
    // `HeaderName` accepts `*` as a name.
    let is_missing = |name: &HeaderName| name.as_str() != "*" && !is_listed(name);
    let missing = || added.clone().filter(is_missing);
    // `*` already covers every name (RFC 9110, section 12.5.5).
    if missing().next().is_none() || is_any(headers) {
        return;
    }
    // A malformed member names no header, so the rewritten list drops it.
    let valid = || existing().filter(|member| member.iter().copied().all(is_tchar));
    let lengths = missing().map(|name| name.as_str().len());
    let lengths = lengths.chain(valid().map(<[u8]>::len));
    // The exact length is reserved, so the value is the only allocation.
    let capacity = lengths
        .map(|length| length + SEPARATOR.len())
        .sum::<usize>();
    let mut line = Vec::with_capacity(capacity - SEPARATOR.len());
    valid().for_each(|name| push_once(&mut line, name));
    missing().for_each(|name| push_once(&mut line, name.as_ref()));
    headers.insert(VARY, into_value(line));
}

/// Adds names in linear time, to a `Vary` that may have many. Takes more allocations.
fn merge_many(headers: &mut HeaderMap, added: impl Iterator<Item = HeaderName>) {
    let mut all: OrderedSet<HeaderName> = names(headers).collect();
    let listed = all.len();
    // `HeaderName` accepts `*` as a name.
    all.extend(added.filter(|name| name.as_str() != "*"));
    if all.len() > listed && !is_any(headers) {
        headers.insert(VARY, to_value(all.as_slice()));
    }
}

/// The members of a short list, parsed once and without an allocation.
struct FewNames<'a> {
    names: [&'a [u8]; FEW],
    len: usize,
}

const FEW: usize = 24;

impl<'a> FewNames<'a> {
    fn of(members: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let names = [&[][..]; FEW];
        let mut few = Self { names, len: 0 };
        for member in members {
            *few.names.get_mut(few.len)? = member;
            few.len += 1;
        }
        Some(few)
    }

    fn contains(&self, name: &HeaderName) -> bool {
        let mut names = self.names[..self.len].iter();
        names.any(|other| other.eq_ignore_ascii_case(name.as_ref()))
    }
}

const SEPARATOR: &[u8] = b", ";

/// The number of earlier names that a name is compared with, which keeps the time linear.
/// In a longer list, a name may remain twice.
const MAX_COMPARED: usize = 64;

/// Returns the header value that lists these names, which are distinct.
pub(crate) fn to_value(names: &[HeaderName]) -> HeaderValue {
    let mut line = Vec::new();
    for name in names {
        push(&mut line, name.as_ref());
    }
    into_value(line)
}

/// Appends a name to the line, unless the line has it.
fn push_once(line: &mut Vec<u8>, name: &[u8]) {
    let existing = line.split(|byte| *byte == b',').map(trim_ows);
    if existing
        .take(MAX_COMPARED)
        .any(|other| other.eq_ignore_ascii_case(name))
    {
        return;
    }
    push(line, name);
}

fn push(line: &mut Vec<u8>, name: &[u8]) {
    if !line.is_empty() {
        line.extend_from_slice(SEPARATOR);
    }
    line.extend(name.iter().map(u8::to_ascii_lowercase));
}

fn into_value(line: Vec<u8>) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(line)).expect("header names are visible ASCII")
}
