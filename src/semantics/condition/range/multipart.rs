//! The framing of `multipart/byteranges` (RFC 9110, sections 14.6 and 15.3.7.2).

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use super::{ByteRange, head::strip_for_parts};
use crate::semantics::field::{content_length, lines};

/// The delimiter between the parts of a response, without its dashes: 32 hexadecimal digits.
///
/// It is not compared with the content, which contains 128 random bits with a probability of
/// next to nothing.
#[derive(Debug, Clone, Copy)]
pub struct Boundary([u8; 32]);

impl Boundary {
    /// Creates a boundary from 128 random bits.
    #[must_use]
    pub fn new(random: u128) -> Self {
        let mut digits = [0; 32];
        for (place, digit) in digits.iter_mut().enumerate() {
            let shift = 124 - 4 * place as u32;
            *digit = b"0123456789abcdef"[(random >> shift) as usize & 15];
        }
        Self(digits)
    }

    fn content_type(&self) -> HeaderValue {
        let value = [b"multipart/byteranges; boundary=", &self.0[..]].concat();
        HeaderValue::from_maybe_shared(Bytes::from(value)).expect("visible ASCII")
    }
}

/// The delimiters and the heads of all parts of a response, without their content.
#[derive(Debug)]
pub struct MultipartFraming {
    /// The parts, in their order on the wire.
    pub(crate) parts: Vec<FramedPart>,
    /// The closing delimiter.
    pub(crate) end: Bytes,
    /// The length of the whole content in bytes.
    pub(crate) length: u64,
    /// The `Content-Type` of the response.
    content_type: HeaderValue,
}

/// One part: everything before its content, and the range of its content.
#[derive(Debug, Clone)]
pub struct FramedPart {
    pub(crate) head: Bytes,
    pub(crate) range: ByteRange,
}

impl MultipartFraming {
    /// Creates the framing of these parts of a 200 with `complete_length` bytes. `headers` are its
    /// headers.
    ///
    /// Returns `None` if the response would be longer than the 200, which a client reads with less
    /// effort. Content with a content coding has no parts either: `Content-Encoding` would describe
    /// the delimiters too.
    #[must_use]
    pub fn new(
        ranges: &[ByteRange],
        complete_length: u64,
        headers: &HeaderMap,
        boundary: &Boundary,
    ) -> Option<Self> {
        if lines::has(headers, &CONTENT_ENCODING) {
            return None;
        }
        let content_type = lines::first(headers, &CONTENT_TYPE);
        let mut text = Vec::new();
        let mut ends = Vec::with_capacity(ranges.len());
        let mut content = 0u64;
        for range in ranges {
            // The line break before a delimiter belongs to it (RFC 2046, section 5.1.1).
            let opening: &[u8] = if text.is_empty() { b"--" } else { b"\r\n--" };
            for piece in [opening, &boundary.0, b"\r\n"] {
                text.extend_from_slice(piece);
            }
            if let Some(content_type) = content_type {
                for piece in [b"Content-Type: ", content_type.as_bytes(), b"\r\n"] {
                    text.extend_from_slice(piece);
                }
            }
            let (first, last) = (range.first(), range.last());
            let field = format!("Content-Range: bytes {first}-{last}/{complete_length}\r\n\r\n");
            text.extend_from_slice(field.as_bytes());
            ends.push(text.len());
            content = content.checked_add(range.length())?;
            // Stops before a long list takes memory that the response never needs.
            if content.checked_add(text.len() as u64)? > complete_length {
                return None;
            }
        }
        for piece in [b"\r\n--", &boundary.0[..], b"--\r\n"] {
            text.extend_from_slice(piece);
        }
        let length = content.checked_add(text.len() as u64)?;
        if length > complete_length {
            return None;
        }
        let mut text = Bytes::from(text);
        let mut start = 0;
        let parts = ranges.iter().zip(ends).map(|(range, end)| {
            let head = text.split_to(end - start);
            start = end;
            FramedPart {
                head,
                range: *range,
            }
        });
        Some(Self {
            parts: parts.collect(),
            end: text,
            length,
            content_type: boundary.content_type(),
        })
    }

    /// Turns the head of the 200 into that of the 206. `Content-Range` is in the parts alone.
    pub(crate) fn write_head(&self, headers: &mut HeaderMap, had_if_range: bool) {
        strip_for_parts(headers, had_if_range);
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        content_length::set(headers, Some(self.length));
    }
}
