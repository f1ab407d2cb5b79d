//! The digests of the content of a request (RFC 9530).

use http::{
    HeaderMap, Method,
    header::{CONTENT_LENGTH, CONTENT_RANGE, TRANSFER_ENCODING},
    request::Parts,
};

use super::digest_fields::{CONTENT_DIGEST, DigestField, Digests, REPR_DIGEST};
use crate::semantics::field::{content_length, lines, method::is_safe};

/// The digests that a client announced for the content of its request.
#[derive(Debug, PartialEq)]
pub(crate) enum RequestDigests {
    /// No header has a digest of this content by an active algorithm.
    Nothing,
    /// A header is malformed.
    Malformed,
    /// The two headers have different digests by one algorithm, so no content has both.
    Contradictory,
    Expected(Digests),
}

/// Returns `true` if a header with a digest is present.
#[inline]
pub(crate) fn are_in(headers: &HeaderMap) -> bool {
    lines::has(headers, &CONTENT_DIGEST) || lines::has(headers, &REPR_DIGEST)
}

/// Returns `true` if a request whose body hides its length may have content. A read has some only
/// if its headers say so. Timeouts of bodies, for example, hide the end of empty ones.
pub(crate) fn may_have_content(request: &Parts) -> bool {
    let headers = &request.headers;
    let is_framed = match content_length::declared_length(headers) {
        Some(length) => length > 0,
        None => lines::has(headers, &CONTENT_LENGTH) || lines::has(headers, &TRANSFER_ENCODING),
    };
    is_framed || !is_safe(&request.method) || request.method.as_str() == "QUERY"
}

impl RequestDigests {
    pub(crate) fn of(request: &Parts, has_content: bool) -> Self {
        let headers = &request.headers;
        // The bytes of a tunnel are no content (RFC 9110, section 9.3.6).
        if request.method == Method::CONNECT || !are_in(headers) {
            return Self::Nothing;
        }
        let content = DigestField::parse(headers, &CONTENT_DIGEST);
        let representation = DigestField::parse(headers, &REPR_DIGEST);
        if content == DigestField::Malformed || representation == DigestField::Malformed {
            return Self::Malformed;
        }
        // A read without content encloses no representation.
        let encloses_nothing = !has_content && is_safe(&request.method);
        // The content is a part of the representation (RFC 9110, section 14.5). Otherwise it is all
        // of it, also if it is a patch document (RFC 9530, section 3.1).
        let is_part = lines::has(headers, &CONTENT_RANGE);
        let representation = (!encloses_nothing && !is_part).then_some(representation);
        let content = digests(content);
        let representation = representation.map_or(NO_DIGESTS, digests);
        let (Some(sha256), Some(sha512)) = (
            both(content.sha256, representation.sha256),
            both(content.sha512, representation.sha512),
        ) else {
            return Self::Contradictory;
        };
        let expected = Digests { sha256, sha512 };
        if expected == NO_DIGESTS {
            Self::Nothing
        } else {
            Self::Expected(expected)
        }
    }
}

const NO_DIGESTS: Digests = Digests {
    sha256: None,
    sha512: None,
};

fn digests(field: DigestField) -> Digests {
    match field {
        DigestField::Digests(digests) => digests,
        DigestField::Absent | DigestField::Malformed => NO_DIGESTS,
    }
}

/// Returns the one digest of two headers. `None` if they differ.
#[expect(
    clippy::option_option,
    reason = "the outer option is the result of a comparison"
)]
fn both<const N: usize>(one: Option<[u8; N]>, other: Option<[u8; N]>) -> Option<Option<[u8; N]>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => Some(one.or(other)),
    }
}
