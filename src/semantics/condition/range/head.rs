//! The heads of a 206 and of a 416.

use std::io::Write;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_LENGTH, CONTENT_RANGE, LAST_MODIFIED, TRAILER, TRANSFER_ENCODING},
};

use super::ByteRange;
use crate::semantics::condition::not_modified::strip_representation_metadata;

/// The length of `bytes FIRST-LAST/COMPLETE`, with three numbers of 20 digits.
const MAX_CONTENT_RANGE: usize = "bytes -/".len() + 3 * 20;

/// Turns the head of a 200 into that of a 206 with one part (RFC 9110, section 15.3.7.1).
///
/// If the request had `If-Range`, the client has the other metadata of the representation, and the
/// 206 has none (section 15.3.7).
pub(crate) fn write_part_head(
    headers: &mut HeaderMap,
    part: ByteRange,
    complete_length: u64,
    had_if_range: bool,
) {
    strip_for_parts(headers, had_if_range);
    let (content_range, length) = part_values(part, complete_length);
    headers.insert(CONTENT_RANGE, content_range);
    headers.insert(CONTENT_LENGTH, length);
}

/// Removes the headers that describe the content of the 200, and not that of its parts.
fn strip_for_parts(headers: &mut HeaderMap, had_if_range: bool) {
    if had_if_range {
        strip_representation_metadata(headers);
        headers.remove(LAST_MODIFIED);
        return;
    }
    // The trailers of the whole are not sent.
    headers.remove(TRAILER);
    headers.remove(TRANSFER_ENCODING);
    // Both are digests of the content that is sent (RFC 9530, section 2).
    headers.remove("content-digest");
    headers.remove("content-md5");
}

/// Writes `Content-Range` of a 416 (section 15.5.17).
pub(crate) fn write_unsatisfied_range(headers: &mut HeaderMap, complete_length: u64) {
    let value = HeaderValue::try_from(format!("bytes */{complete_length}"));
    headers.insert(CONTENT_RANGE, value.expect(IS_VISIBLE));
}

/// Returns the values of `Content-Range` and `Content-Length`, with one allocation for both.
fn part_values(part: ByteRange, complete_length: u64) -> (HeaderValue, HeaderValue) {
    let mut text = PartText {
        bytes: [0; MAX_CONTENT_RANGE + 20],
        length: 0,
    };
    let range_length = text.push(format_args!("bytes {part}/{complete_length}"));
    text.push(format_args!("{}", part.length()));
    let text = Bytes::from_owner(text);
    let value = |bytes| HeaderValue::from_maybe_shared(bytes).expect(IS_VISIBLE);
    (
        value(text.slice(..range_length)),
        value(text.slice(range_length..)),
    )
}

struct PartText {
    bytes: [u8; MAX_CONTENT_RANGE + 20],
    length: usize,
}

impl PartText {
    /// Appends a text, and returns the length of all.
    fn push(&mut self, text: std::fmt::Arguments<'_>) -> usize {
        let mut free = &mut self.bytes[self.length..];
        let room = free.len();
        free.write_fmt(text).expect("there is room for all digits");
        self.length += room - free.len();
        self.length
    }
}

impl AsRef<[u8]> for PartText {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

const IS_VISIBLE: &str = "digits and signs are visible ASCII";
