//! Lists of entity tags, read as bytes from all lines of a header (RFC 9110, section 13.1).

use http::HeaderValue;

use super::TagRef;
use crate::semantics::field::list::{after_comma, trim_ows};

/// One member of a list of entity tags.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum TagMember<'a> {
    /// A well-formed entity tag.
    Tag(TagRef<'a>),
    /// Anything else, such as an unquoted tag or a `*` among tags.
    ///
    /// It matches nothing and does not affect other members. Only a quote that is never
    /// closed makes the rest of its line part of this member.
    Malformed(&'a [u8]),
}

/// Returns the members of `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2).
/// The caller handles `*`.
///
/// A comma inside an entity tag does not split it, and a backslash is an ordinary byte (section
/// 8.8.3).
pub fn entity_tags<'a, I>(lines: I) -> impl Iterator<Item = TagMember<'a>>
where
    I: IntoIterator<Item = &'a HeaderValue>,
{
    lines.into_iter().flat_map(|line| EntityTags {
        rest: line.as_bytes(),
    })
}

struct EntityTags<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for EntityTags<'a> {
    type Item = TagMember<'a>;

    fn next(&mut self) -> Option<TagMember<'a>> {
        while !self.rest.is_empty() {
            let end = end_of_tag_member(self.rest);
            let member = trim_ows(&self.rest[..end]);
            self.rest = after_comma(self.rest, end);
            if !member.is_empty() {
                return Some(
                    TagRef::parse(member).map_or(TagMember::Malformed(member), TagMember::Tag),
                );
            }
        }
        None
    }
}

/// Returns the end of the first member. A quote opens an opaque tag only at the start of a
/// member, so malformed text ends at the next comma.
fn end_of_tag_member(bytes: &[u8]) -> usize {
    let start = bytes
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    let tag = &bytes[start..];
    let quoted = tag.strip_prefix(b"W/").unwrap_or(tag);
    let from = match quoted.strip_prefix(b"\"") {
        Some(opaque) => {
            let opened = bytes.len() - opaque.len();
            match position(opaque, b'"') {
                Some(closing) => opened + closing + 1,
                // A quote that is never closed extends to the end of the line.
                None => return bytes.len(),
            }
        }
        None => start,
    };
    position(&bytes[from..], b',').map_or(bytes.len(), |comma| from + comma)
}

fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}
