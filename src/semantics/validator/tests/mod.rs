//! Tests of the validators, one file for each file of code.

mod digest_fields;
#[cfg(feature = "tokio")]
mod encoded;
mod etag;
mod label;
mod request_digests;
mod tag_list;
mod taggable;
mod validators;
mod version;
mod version_properties;

use http::HeaderValue;

use super::{TagMember, TagRef, entity_tags};

/// Returns the parts of a tag: `true` if it is weak, and its opaque text.
fn text(tag: TagRef<'_>) -> (bool, Vec<u8>) {
    (tag.is_weak(), tag.opaque().to_vec())
}

/// Returns the well-formed tags in these lines.
pub(super) fn tags_in(lines: &[HeaderValue]) -> Vec<(bool, Vec<u8>)> {
    entity_tags(lines)
        .filter_map(|member| match member {
            TagMember::Tag(tag) => Some(text(tag)),
            TagMember::Malformed(_) => None,
        })
        .collect()
}
