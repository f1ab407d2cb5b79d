use bytes::Bytes;
use http::HeaderValue;

use super::{Refusal, RenderRefusal};
use crate::semantics::validator::TagRef;

/// The default renderer: `application/problem+json` (RFC 9457). Clients that do not accept JSON
/// get the detail as plain text.
///
/// Two members extend the standard: `expected`, the entity tags in the false condition, and
/// `current`, the current entity tag. Each is present if it is known.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::exhaustive_structs)] // its name is a value, as in `refusals(ProblemJson)`
pub struct ProblemJson;

impl RenderRefusal for ProblemJson {
    fn render(&self, refusal: &Refusal<'_>) -> (HeaderValue, Bytes) {
        if !refusal.accepts_json() {
            return (
                HeaderValue::from_static("text/plain; charset=utf-8"),
                Bytes::from_static(refusal.detail().as_bytes()),
            );
        }
        (
            HeaderValue::from_static("application/problem+json"),
            problem(refusal).into(),
        )
    }
}

const EXPECTED: &str = ",\"expected\":[";
const CURRENT: &str = ",\"current\":";

fn problem(refusal: &Refusal<'_>) -> Vec<u8> {
    let head = refusal.text().json;
    let (expected, current) = (refusal.expected(), refusal.current());
    // The exact length, so that `Bytes` takes the vector without another allocation.
    let mut length = head.len() + "}".len();
    if !expected.is_empty() {
        let tags = expected.iter().map(|tag| json_length(*tag) + ",".len());
        length += EXPECTED.len() + tags.sum::<usize>();
    }
    if let Some(tag) = current {
        length += CURRENT.len() + json_length(tag);
    }
    let mut text = Vec::with_capacity(length);
    text.extend(head.as_bytes());
    if let [first, more @ ..] = expected {
        text.extend(EXPECTED.as_bytes());
        push_tag(&mut text, *first);
        for tag in more {
            text.push(b',');
            push_tag(&mut text, *tag);
        }
        text.push(b']');
    }
    if let Some(tag) = current {
        text.extend(CURRENT.as_bytes());
        push_tag(&mut text, tag);
    }
    text.push(b'}');
    text
}

/// Returns the length of a tag as a JSON string without escapes in its opaque text.
fn json_length(tag: TagRef<'_>) -> usize {
    let weak = if tag.is_weak() { "W/".len() } else { 0 };
    weak + tag.opaque().len() + "\"\\\"\\\"\"".len()
}

/// Writes a tag as a JSON string.
///
/// A tag has no control characters and no quotes inside (RFC 9110, section 8.8.3). Bytes that
/// are not UTF-8 become U+FFFD.
fn push_tag(text: &mut Vec<u8>, tag: TagRef<'_>) {
    let opening: &[u8] = if tag.is_weak() {
        b"\"W/\\\""
    } else {
        b"\"\\\""
    };
    text.extend(opening);
    if tag.is_plain_json() {
        text.extend(tag.opaque());
    } else {
        let opaque = String::from_utf8_lossy(tag.opaque()).replace('\\', "\\\\");
        text.extend(opaque.as_bytes());
    }
    text.extend(b"\\\"\"");
}
