use bytes::Bytes;
use http::HeaderValue;

use super::{Refusal, RenderRefusal};
use crate::semantics::etag::EntityTag;

/// `application/problem+json` (RFC 9457), or its detail as plain text for a
/// client that does not accept JSON. The default.
///
/// Two members extend the standard's: `expected`, the entity tags that the
/// false condition named, and `current`, the current one. Each is there where
/// it is known.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ProblemJson;

impl RenderRefusal for ProblemJson {
    fn render(&self, refusal: &Refusal) -> (HeaderValue, Bytes) {
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

fn problem(refusal: &Refusal) -> String {
    let mut text = String::with_capacity(384);
    // None of the texts needs escaping: a test holds them to that.
    text.push_str("{\"type\":\"");
    text.push_str(refusal.type_uri());
    text.push_str("\",\"title\":\"");
    text.push_str(refusal.title());
    text.push_str("\",\"status\":");
    text.push_str(refusal.status().as_str());
    text.push_str(",\"detail\":\"");
    text.push_str(refusal.detail());
    text.push('"');
    if let [first, more @ ..] = refusal.expected() {
        text.push_str(",\"expected\":[");
        push_tag(&mut text, first);
        for tag in more {
            text.push(',');
            push_tag(&mut text, tag);
        }
        text.push(']');
    }
    if let Some(tag) = refusal.current() {
        text.push_str(",\"current\":");
        push_tag(&mut text, tag);
    }
    text.push('}');
    text
}

/// A tag as a JSON string. It has no control characters and no quotes inside
/// (RFC 9110, section 8.8.3); bytes that are no UTF-8 cannot stand in JSON.
fn push_tag(text: &mut String, tag: &EntityTag) {
    text.push_str(if tag.is_weak() { "\"W/\\\"" } else { "\"\\\"" });
    let opaque = String::from_utf8_lossy(tag.opaque());
    for (i, part) in opaque.split('\\').enumerate() {
        if i > 0 {
            text.push_str("\\\\");
        }
        text.push_str(part);
    }
    text.push_str("\\\"\"");
}
