//! A 200 that becomes a 206.

use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

use crate::semantics::{
    condition::range::{ByteRange, MultipartFraming, write_part_head},
    field::lines,
};

/// An extension of a 206 with the `Content-Type` of its representation, which its head does not show.
/// A cache policy may depend on it.
#[derive(Debug, Clone)]
pub(crate) struct WholeContentType(pub(crate) HeaderValue);

impl WholeContentType {
    fn keep<B>(response: &mut Response<B>) {
        if let Some(content_type) = lines::first(response.headers(), &CONTENT_TYPE).cloned() {
            response.extensions_mut().insert(Self(content_type));
        }
    }
}

/// Turns the head of a 200 into that of a 206 with one part.
pub(crate) fn begin_part<B>(
    response: &mut Response<B>,
    part: ByteRange,
    complete_length: u64,
    had_if_range: bool,
) {
    if had_if_range {
        WholeContentType::keep(response);
    }
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    write_part_head(response.headers_mut(), part, complete_length, had_if_range);
}

/// Turns the head of a 200 into that of a 206 with several parts.
pub(crate) fn begin_parts<B>(
    response: &mut Response<B>,
    framing: &MultipartFraming,
    had_if_range: bool,
) {
    WholeContentType::keep(response);
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    framing.write_head(response.headers_mut(), had_if_range);
}
