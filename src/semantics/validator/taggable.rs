//! The rules that decide which responses get an entity tag from their content. They decide
//! before the body is read.

use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG},
};

use crate::semantics::{
    caching::cache_control,
    field::{content_length, lines, list::trim_ows},
};

const INCREMENTAL: HeaderName = HeaderName::from_static("incremental");

/// The reason why a response got no tag from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UntaggedReason {
    /// The handler set an `ETag`, which is kept.
    HandlerTag,
    /// A source of validators knows the state, and its tag is used instead of a hash.
    SourceKnows,
    /// The content of this status is not the selected representation.
    Status,
    /// The response has `Cache-Control: no-store`, so no client may store it.
    NoStore,
    /// The response is a part of a representation (`Content-Range`).
    Part,
    /// The content is a live stream: server-sent events, gRPC, multipart replacement, or
    /// `Incremental: ?1`.
    Live,
    /// The body's size hint is not exact, as for streams.
    UnknownLength,
    /// The content is longer than the limit.
    TooLong,
    /// The content came in so many small frames that the list of frames would exceed the
    /// limit.
    TooManyFrames,
    /// The response to a `HEAD` has no content to hash.
    HeadWithoutContent,
    /// The content has another length than `Content-Length` or the body's size hint.
    LengthMismatch,
    /// The body returned an error.
    BodyError,
}

/// The properties of a response that decide, apart from its headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseFacts {
    pub(crate) status: StatusCode,
    /// `true` if the method of the request was `HEAD`.
    pub(crate) head: bool,
    /// `true` if a source of validators knows the state.
    pub(crate) source_knows: bool,
    /// `true` if a digest of the content is known, so that its length does not matter.
    pub(crate) digest_known: bool,
    /// The exact size hint of the body before it is read. Bounds are no hint: streams may have
    /// them.
    pub(crate) exact: Option<u64>,
}

/// Returns the reason why a response gets no tag from its content. Returns `None` if a tag is
/// to be made from the content or from a known digest. `limit` is in bytes.
#[inline]
pub(crate) fn check_taggable(
    facts: ResponseFacts,
    headers: &HeaderMap,
    statuses: &[StatusCode],
    limit: u64,
) -> Option<UntaggedReason> {
    // RFC 9110, section 8.8: with other statuses, the content is not the representation.
    if !statuses.contains(&facts.status) {
        return Some(UntaggedReason::Status);
    }
    if lines::has(headers, &ETAG) {
        return Some(UntaggedReason::HandlerTag);
    }
    if facts.source_knows {
        return Some(UntaggedReason::SourceKnows);
    }
    if !facts.digest_known {
        match facts.exact {
            None => return Some(UntaggedReason::UnknownLength),
            Some(length) if length > limit => return Some(UntaggedReason::TooLong),
            Some(0) if facts.head => return Some(UntaggedReason::HeadWithoutContent),
            Some(_) => {}
        }
    }
    // Headers come last: most untagged responses are streams or too long.
    check_headers(facts, headers)
}

fn check_headers(facts: ResponseFacts, headers: &HeaderMap) -> Option<UntaggedReason> {
    let summary = HeaderSummary::read(headers);
    if summary.content_range {
        return Some(UntaggedReason::Part);
    }
    if summary.live {
        return Some(UntaggedReason::Live);
    }
    // Values are parsed only if the header is present.
    if summary.cache_control && cache_control::has_no_store(headers) {
        return Some(UntaggedReason::NoStore);
    }
    let announced = facts.exact.filter(|_| !facts.digest_known);
    announced
        .is_some_and(|length| {
            summary.content_length && content_length::contradicts(headers, length)
        })
        .then_some(UntaggedReason::LengthMismatch)
}

/// The properties that one pass over the headers finds.
#[derive(Default)]
struct HeaderSummary {
    content_range: bool,
    cache_control: bool,
    content_length: bool,
    live: bool,
}

impl HeaderSummary {
    fn read(headers: &HeaderMap) -> Self {
        let mut summary = Self::default();
        for (name, value) in headers {
            match *name {
                CONTENT_RANGE => summary.content_range = true,
                CACHE_CONTROL => summary.cache_control = true,
                CONTENT_LENGTH => summary.content_length = true,
                CONTENT_TYPE => summary.live |= is_live_type(value.as_bytes()),
                _ => {
                    let incremental = *name == INCREMENTAL;
                    summary.live |= incremental && trim_ows(value.as_bytes()).starts_with(b"?1");
                }
            }
        }
        summary
    }
}

/// Returns `true` if content with this exact length is a whole representation. A part, a live stream
/// and content that contradicts its `Content-Length` are none.
pub(crate) fn is_whole(headers: &HeaderMap, length: u64) -> bool {
    let summary = HeaderSummary::read(headers);
    let contradicts = summary.content_length && content_length::contradicts(headers, length);
    !(summary.content_range || summary.live || contradicts)
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

/// The statuses whose content is the selected representation, so that its hash can be a tag
/// (RFC 9110, sections 8.8 and 15.3).
pub(crate) const REPRESENTATION: [StatusCode; 2] =
    [StatusCode::OK, StatusCode::NON_AUTHORITATIVE_INFORMATION];
