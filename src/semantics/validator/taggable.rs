//! Which responses get an entity tag from their content, decided before a
//! byte of it is touched.

use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG},
};

use crate::semantics::{
    caching::cache_control,
    field::{content_length, lines, list::trim_ows},
};

const INCREMENTAL: HeaderName = HeaderName::from_static("incremental");

/// Why a response got no tag from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Untagged {
    /// The handler set a tag itself, and a handler's tag wins.
    HandlerTag,
    /// A source of validators knows the state, and its tag wins over a hash.
    SourceKnows,
    /// The content of this status is not the selected representation.
    Status,
    /// `Cache-Control: no-store`: no client may keep it.
    NoStore,
    /// A part of a representation (`Content-Range`).
    Part,
    /// Content that is sent as it happens: server-sent events, gRPC,
    /// multipart replacement, or `Incremental: ?1`.
    Live,
    /// The body's size hint is not exact: a stream, with or without bounds.
    UnknownLength,
    /// Longer than the limit, or in so many frames that the list of them would
    /// be longer than the limit.
    TooLong,
    /// Content in so many small frames that keeping them would take more memory
    /// than the limit allows.
    TooManyFrames,
    /// A `HEAD` response without content to hash.
    HeadWithoutContent,
    /// The content has another length than `Content-Length` or the body's size
    /// hint announced.
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
    /// A source of validators knows the state.
    pub(crate) source_knows: bool,
    /// The digest of the content is known, so its length does not matter.
    pub(crate) digest_known: bool,
    /// The bytes that the body announces before it is read. Bounds announce
    /// nothing: a stream may have them.
    pub(crate) exact: Option<u64>,
}

/// Why a response must stay as it is; `None` if a tag is to be made, from its
/// content or from a digest of it that is known. `limit` is in bytes.
#[inline]
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
    if lines::has(headers, &ETAG) {
        return Some(Untagged::HandlerTag);
    }
    if facts.source_knows {
        return Some(Untagged::SourceKnows);
    }
    if !facts.digest_known {
        match facts.exact {
            None => return Some(Untagged::UnknownLength),
            Some(length) if length > limit => return Some(Untagged::TooLong),
            Some(0) if facts.head => return Some(Untagged::HeadWithoutContent),
            Some(_) => {}
        }
    }
    // After the length, since most responses that are left alone are streams or too long.
    untagged_by_fields(facts, headers)
}

fn untagged_by_fields(facts: Facts, headers: &HeaderMap) -> Option<Untagged> {
    let fields = Fields::read(headers);
    if fields.content_range {
        return Some(Untagged::Part);
    }
    if fields.live {
        return Some(Untagged::Live);
    }
    // Values are read only where the field is there at all.
    if fields.cache_control && cache_control::has_no_store(headers) {
        return Some(Untagged::NoStore);
    }
    let announced = facts.exact.filter(|_| !facts.digest_known);
    announced
        .is_some_and(|length| fields.content_length && content_length::contradicts(headers, length))
        .then_some(Untagged::LengthMismatch)
}

/// What one look at each field tells.
#[derive(Default)]
struct Fields {
    content_range: bool,
    cache_control: bool,
    content_length: bool,
    live: bool,
}

impl Fields {
    fn read(headers: &HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            match *name {
                CONTENT_RANGE => fields.content_range = true,
                CACHE_CONTROL => fields.cache_control = true,
                CONTENT_LENGTH => fields.content_length = true,
                CONTENT_TYPE => fields.live |= is_live_type(value.as_bytes()),
                _ => {
                    let incremental = *name == INCREMENTAL;
                    fields.live |= incremental && trim_ows(value.as_bytes()).starts_with(b"?1");
                }
            }
        }
        fields
    }
}

fn is_live_type(value: &[u8]) -> bool {
    let live: &[u8] = match value.first() {
        Some(b't' | b'T') => b"text/event-stream",
        Some(b'a' | b'A') => b"application/grpc",
        Some(b'm' | b'M') => b"multipart/x-mixed-replace",
        _ => return false,
    };
    value
        .get(..live.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(live))
}

/// The statuses whose content is the selected representation, so that a hash of it can be a
/// tag (RFC 9110, sections 8.8 and 15.3).
pub(crate) const REPRESENTATION: [StatusCode; 2] =
    [StatusCode::OK, StatusCode::NON_AUTHORITATIVE_INFORMATION];
