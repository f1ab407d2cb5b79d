//! The headers of a 304 that is made from a 200 (RFC 9110, section 15.4.5).

use http::{
    HeaderMap, HeaderName,
    header::{
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        LAST_MODIFIED, TRAILER, TRANSFER_ENCODING,
    },
};

use crate::semantics::field::lines;

/// Removes the headers that describe the removed content.
///
/// This is a deny-list: every header that is not metadata of the representation stays, with
/// all its lines. A 304 must repeat `Cache-Control`, `Content-Location`, `Date`, `ETag`,
/// `Expires` and `Vary`. The headers of other layers stay too, such as those of CORS,
/// `Set-Cookie` or a request id. `Last-Modified` is removed only beside an `ETag`.
pub fn strip_representation_metadata(headers: &mut HeaderMap) {
    let tagged = lines::has(headers, &ETAG);
    // Each round removes one name. Looking at the next one saves the last round.
    loop {
        let mut removed = headers
            .keys()
            .filter(|name| is_representation_metadata(name) || (tagged && **name == LAST_MODIFIED));
        let (name, more) = (removed.next().cloned(), removed.next().is_some());
        if let Some(name) = name {
            headers.remove(name);
        }
        if !more {
            return;
        }
    }
}

/// Returns `true` for metadata of the representation (RFC 9110, sections 8.3 to 8.6 and 14.4),
/// digests (RFC 9530), and headers that frame the content.
fn is_representation_metadata(name: &HeaderName) -> bool {
    // Constants are compared faster than texts, and match most names.
    matches!(
        *name,
        CONTENT_TYPE
            | CONTENT_LENGTH
            | CONTENT_ENCODING
            | CONTENT_LANGUAGE
            | CONTENT_RANGE
            | TRANSFER_ENCODING
            | TRAILER
    ) || matches!(
        name.as_str(),
        "content-digest" | "repr-digest" | "digest" | "content-md5"
    )
}
