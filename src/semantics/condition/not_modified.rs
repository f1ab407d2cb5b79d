//! From a 200 to a 304 (RFC 9110, section 15.4.5).

use http::{
    HeaderMap, HeaderName,
    header::{
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        LAST_MODIFIED, TRAILER, TRANSFER_ENCODING,
    },
};

use crate::semantics::field::lines;

/// Removes the fields that describe content which is no longer there.
///
/// This is a deny-list. Whatever is not metadata of the representation stays,
/// repeated lines included: `Cache-Control`, `Content-Location`, `Date`,
/// `ETag`, `Expires` and `Vary`, which a 304 must repeat, and the fields of
/// other layers, such as CORS, `Set-Cookie` or a request id. `Last-Modified`
/// goes only where an `ETag` says more.
pub fn strip_representation_metadata(headers: &mut HeaderMap) {
    let tagged = lines::has(headers, &ETAG);
    loop {
        let mut gone = headers
            .keys()
            .filter(|name| is_representation_metadata(name) || (tagged && **name == LAST_MODIFIED));
        let (name, more) = (gone.next().cloned(), gone.next().is_some());
        if let Some(name) = name {
            headers.remove(name);
        }
        if !more {
            return;
        }
    }
}

/// RFC 9110, sections 8.3 to 8.6 and 14.4; RFC 9530 for the digests; and the
/// fields that frame content.
fn is_representation_metadata(name: &HeaderName) -> bool {
    // Cheaper than texts, and most names are among them.
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
