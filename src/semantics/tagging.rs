//! Which responses get an entity tag from their content, decided before a
//! byte of it is touched.

use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG},
};

use super::{cache_control, list::trim_ows};

/// Why a response got no tag from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Untagged {
    /// The handler set a tag itself, and a handler's tag wins.
    HandlerTag,
    /// The content of this status is not the selected representation.
    Status,
    /// `Cache-Control: no-store`: no client may keep it.
    NoStore,
    /// A part of a representation (`Content-Range`).
    Part,
    /// Content that is sent as it happens: server-sent events, gRPC,
    /// multipart replacement, or `Incremental: ?1`.
    Live,
    /// The length is not known in advance.
    UnknownLength,
    /// Longer than the limit, as announced or as it turned out.
    TooLong,
    /// A `HEAD` response without content to hash.
    HeadWithoutContent,
    /// The content has another length than `Content-Length` says.
    LengthMismatch,
    /// The body broke.
    BodyError,
}

/// The facts about a response that decide, apart from its header fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) status: StatusCode,
    /// The request's method was `HEAD`.
    pub(crate) head: bool,
    /// The digest of the content is known, so its length does not matter.
    pub(crate) digest_known: bool,
    /// The most bytes that the body can have, if known.
    pub(crate) upper: Option<u64>,
}

/// Why a response must stay as it is; `None` if a tag is to be made, from its
/// content or from a digest of it that is known. `limit` is in bytes.
pub(crate) fn untagged(
    facts: Facts,
    headers: &HeaderMap,
    statuses: &[StatusCode],
    limit: u64,
) -> Option<Untagged> {
    // RFC 9110, section 8.8: elsewhere the content is not the representation.
    if !statuses.contains(&facts.status) {
        return Some(Untagged::Status);
    }
    if headers.contains_key(ETAG) {
        return Some(Untagged::HandlerTag);
    }
    if !facts.digest_known {
        match facts.upper {
            None => return Some(Untagged::UnknownLength),
            Some(upper) if upper > limit => return Some(Untagged::TooLong),
            Some(0) if facts.head => return Some(Untagged::HeadWithoutContent),
            Some(_) => {}
        }
    }
    if headers.contains_key(CONTENT_RANGE) {
        return Some(Untagged::Part);
    }
    if is_live(headers) {
        return Some(Untagged::Live);
    }
    cache_control::no_store(headers).then_some(Untagged::NoStore)
}

/// Whether `Content-Length` says something else than `length`.
pub(crate) fn length_mismatch(headers: &HeaderMap, length: u64) -> bool {
    headers
        .get(CONTENT_LENGTH)
        .is_some_and(|value| content_length(value.as_bytes()) != Some(length))
}

fn content_length(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(trim_ows(value)).ok()?.parse().ok()
}

fn is_live(headers: &HeaderMap) -> bool {
    const INCREMENTAL: HeaderName = HeaderName::from_static("incremental");
    const LIVE_TYPES: [&[u8]; 3] = [
        b"text/event-stream",
        b"application/grpc",
        b"multipart/x-mixed-replace",
    ];
    let live_type = headers.get(CONTENT_TYPE).is_some_and(|value| {
        let value = value.as_bytes();
        LIVE_TYPES.iter().any(|live| {
            value
                .get(..live.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(live))
        })
    });
    live_type
        || headers
            .get(INCREMENTAL)
            .is_some_and(|value| trim_ows(value.as_bytes()).starts_with(b"?1"))
}

/// Whether content of this status is the selected representation, so that a
/// hash of it can be a tag (RFC 9110, sections 8.8 and 15.3).
pub(crate) fn represents(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION
    )
}
