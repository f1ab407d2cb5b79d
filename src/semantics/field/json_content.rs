//! The headers of JSON content (RFC 8259, section 11; RFC 6839, section 3.1).

use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use super::{lines, media_range::essence};

/// The media type of one JSON text for each line, in spite of its suffix.
const LINES_OF_JSON: &[u8] = b"application/stream+json";

const SUFFIX: &[u8] = b"+json";

/// Returns `true` if the headers announce one JSON text without a content coding.
///
/// Its media type is `application/json`, or has the suffix `+json`. Sequences of texts have other
/// types, such as `application/json-seq` and `application/x-ndjson`.
#[inline]
pub(crate) fn is_json_content(headers: &HeaderMap) -> bool {
    let content_type = lines::only(headers, &CONTENT_TYPE);
    content_type.is_some_and(|value| is_json_type(essence(value)))
        && !lines::has(headers, &CONTENT_ENCODING)
}

fn is_json_type(media_type: &[u8]) -> bool {
    let start = media_type.len().saturating_sub(SUFFIX.len());
    media_type.eq_ignore_ascii_case(b"application/json")
        || media_type[start..].eq_ignore_ascii_case(SUFFIX)
            && media_type[..start].contains(&b'/')
            && !media_type.eq_ignore_ascii_case(LINES_OF_JSON)
}
