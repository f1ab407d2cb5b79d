//! Lists of entity tags, read as bytes over all lines of a field (RFC 9110, section 13.1).

use http::HeaderValue;

use super::TagRef;
use crate::semantics::field::list::{after_comma, trim_ows};

/// One member of a list of entity tags.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum TagMember<'a> {
    /// A well-formed entity tag.
    Tag(TagRef<'a>),
    /// Anything else, an unquoted tag or a `*` among them. It matches nothing
    /// and leaves its neighbours alone, except that a quote which is never
    /// closed takes the rest of its line along.
    Malformed(&'a [u8]),
}

/// Iterates over the members of `If-Match` or `If-None-Match`, `*` aside
/// (RFC 9110, sections 13.1.1 and 13.1.2).
///
/// Inside an entity tag a comma does not split and a backslash is a byte like
/// any other (section 8.8.3).
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

/// A quote opens an opaque tag only at the start of a member, and the next
/// quote closes it, so junk is skipped up to the next comma and no further.
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
