//! The responses that can be cut into parts.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header::ACCEPT_RANGES};

use crate::semantics::{
    field::{content_length, lines, list::trim_ows},
    validator::taggable,
};

/// Returns the length of a representation whose parts can be sent, or `None` if the response passes
/// unchanged. `exact` is the exact size of the body, if it is known.
///
/// Only a 200 is the whole representation. A part, a live stream and a body whose length is unknown
/// or contradictory cannot be cut.
pub(crate) fn divisible_length<B>(
    method: &Method,
    response: &Response<B>,
    exact: Option<u64>,
) -> Option<u64> {
    if response.status() != StatusCode::OK {
        return None;
    }
    let headers = response.headers();
    let length = if *method == Method::HEAD {
        // The body is empty, and does not show the length of the 200.
        content_length::of_get(response.status(), headers, exact, true)?
    } else {
        exact?
    };
    taggable::is_whole(headers, length).then_some(length)
}

/// Returns `true` if the handler says that its response has no ranges (RFC 9110, section 14.3).
pub(crate) fn refuses_ranges(headers: &HeaderMap) -> bool {
    lines::first(headers, &ACCEPT_RANGES)
        .is_some_and(|value| trim_ows(value.as_bytes()).eq_ignore_ascii_case(b"none"))
}

/// Writes `Accept-Ranges: bytes` (RFC 9110, section 14.3), unless the handler says something.
pub(crate) fn advertise(headers: &mut HeaderMap) {
    // An entry is hashed once.
    headers
        .entry(ACCEPT_RANGES)
        .or_insert(HeaderValue::from_static("bytes"));
}
