use http::{
    HeaderMap,
    header::{ACCEPT, CONTENT_TYPE, TRAILER, UPGRADE},
};

use crate::semantics::field::{lines, list};

/// Returns `true` if a request may ask for a response that can be recorded: no upgrade, no
/// gRPC and not only a stream of events.
pub(crate) fn is_repeatable_request(headers: &HeaderMap) -> bool {
    !asks_for_other_protocol(headers) && !is_grpc(headers) && !asks_for_events(headers)
}

/// A client that accepts other types too may get one of them. Their order has no meaning
/// (RFC 9110, section 12.5.1).
fn asks_for_events(headers: &HeaderMap) -> bool {
    let mut types = list::members(lines::lines(headers, &ACCEPT)).peekable();
    types.peek().is_some() && types.all(|accepted| is_type(accepted, b"text/event-stream"))
}

/// Java's client and `curl --http2` offer `h2c` with each request in cleartext. It changes the
/// version of HTTP, not the request, and servers ignore it (RFC 9113, section 3.1).
fn asks_for_other_protocol(headers: &HeaderMap) -> bool {
    list::members(lines::lines(headers, &UPGRADE))
        .any(|protocol| !protocol.eq_ignore_ascii_case(b"h2c"))
}

/// Returns `true` if a response with these headers can be recorded: no gRPC, no stream of events
/// and no announced trailers.
pub(crate) fn is_repeatable_response(headers: &HeaderMap) -> bool {
    let is_events = lines::lines(headers, &CONTENT_TYPE)
        .any(|content_type| is_type(content_type.as_bytes(), b"text/event-stream"));
    let has_trailers = lines::has(headers, &TRAILER);
    !is_grpc(headers) && !is_events && !has_trailers
}

/// `application/grpc`, and its variants such as `application/grpc-web+proto`.
fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    lines::lines(headers, &CONTENT_TYPE).any(|content_type| {
        let start = content_type.as_bytes().get(..GRPC.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
    })
}

/// Returns `true` if the value opens with this media type, whatever its parameters.
fn is_type(value: &[u8], media_type: &[u8]) -> bool {
    let (start, rest) = value.split_at(media_type.len().min(value.len()));
    start.eq_ignore_ascii_case(media_type)
        && matches!(rest.first(), None | Some(b';' | b' ' | b','))
}
