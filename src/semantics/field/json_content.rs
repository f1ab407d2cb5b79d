//! The headers of JSON content (RFC 8259, section 11; RFC 6839, section 3.1).

use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use super::media_range::essence;

const TYPE: &[u8] = b"application/";

/// The subtype of one JSON text for each line, in spite of its suffix.
const LINES_OF_JSON: &[u8] = b"stream+json";

/// Returns `true` if the headers announce one JSON text without a content coding.
///
/// Its media type is `application/json`, or one of `application/` with the suffix `+json`. Sequences
/// of texts have other types, such as `application/json-seq` and `application/x-ndjson`.
#[inline]
pub(crate) fn is_json_content(headers: &HeaderMap) -> bool {
    let mut is_json = false;
    // One pass, which most content ends at its type.
    for (name, value) in headers {
        if *name == CONTENT_TYPE {
            let may_be_json = matches!(value.as_bytes().first(), Some(b'a' | b'A'));
            if is_json || !may_be_json || !is_json_type(essence(value)) {
                return false;
            }
            is_json = true;
        } else if *name == CONTENT_ENCODING {
            return false;
        }
    }
    is_json
}

fn is_json_type(media_type: &[u8]) -> bool {
    let Some((main, sub)) = media_type.split_at_checked(TYPE.len()) else {
        return false;
    };
    let Some((name, json)) = sub.split_last_chunk::<4>() else {
        return false;
    };
    json.eq_ignore_ascii_case(b"json")
        && matches!(name, [] | [.., b'+'])
        && main.eq_ignore_ascii_case(TYPE)
        && !sub.eq_ignore_ascii_case(LINES_OF_JSON)
}
