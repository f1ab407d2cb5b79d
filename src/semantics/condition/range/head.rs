//! The heads of a 206 and of a 416.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_LENGTH, CONTENT_RANGE, LAST_MODIFIED, TRAILER, TRANSFER_ENCODING},
};

use super::ByteRange;
use crate::semantics::{
    condition::not_modified::strip_representation_metadata, field::content_length,
};

/// The length of both values with four numbers of all digits.
const MAX_PART_TEXT: usize = "bytes -/".len() + 4 * content_length::MAX_DIGITS;

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
pub(super) fn strip_for_parts(headers: &mut HeaderMap, had_if_range: bool) {
    if had_if_range {
        strip_representation_metadata(headers);
        headers.remove(LAST_MODIFIED);
        return;
    }
    // Most responses have none of them, and comparing names costs less than hashing these four.
    while let Some(name) = headers.keys().find(|name| describes_content(name)).cloned() {
        headers.remove(name);
    }
}

/// Returns `true` for headers that frame the content of the 200, and for digests of that content
/// (RFC 9530, section 2).
fn describes_content(name: &HeaderName) -> bool {
    // The trailers of the whole are not sent.
    matches!(*name, TRAILER | TRANSFER_ENCODING)
        || matches!(name.as_str(), "content-digest" | "content-md5")
}

/// Writes `Content-Range` of a 416 (section 15.5.17).
pub(crate) fn write_unsatisfied_range(headers: &mut HeaderMap, complete_length: u64) {
    let value = HeaderValue::try_from(format!("bytes */{complete_length}"));
    headers.insert(CONTENT_RANGE, value.expect(IS_VISIBLE));
}

/// Returns the values of `Content-Range` and `Content-Length`, with one allocation for both.
fn part_values(part: ByteRange, complete_length: u64) -> (HeaderValue, HeaderValue) {
    let mut text = PartText {
        bytes: [0; MAX_PART_TEXT],
        start: MAX_PART_TEXT,
    };
    // Written from its end, as digits are found.
    text.push_number(part.length());
    let length_start = text.start;
    text.push_number(complete_length);
    text.push(b"/");
    text.push_number(part.last());
    text.push(b"-");
    text.push_number(part.first());
    text.push(b"bytes ");
    let range_length = length_start - text.start;
    let text = Bytes::from_owner(text);
    let value = |bytes| HeaderValue::from_maybe_shared(bytes).expect(IS_VISIBLE);
    (
        value(text.slice(..range_length)),
        value(text.slice(range_length..)),
    )
}

/// `bytes FIRST-LAST/COMPLETE`, and the length of the part.
struct PartText {
    bytes: [u8; MAX_PART_TEXT],
    start: usize,
}

impl PartText {
    /// Writes a text before all others.
    fn push(&mut self, text: &[u8]) {
        let start = self.start - text.len();
        self.bytes[start..self.start].copy_from_slice(text);
        self.start = start;
    }

    fn push_number(&mut self, number: u64) {
        self.start = content_length::write_digits(&mut self.bytes, self.start, number);
    }
}

impl AsRef<[u8]> for PartText {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

const IS_VISIBLE: &str = "digits and signs are visible ASCII";
