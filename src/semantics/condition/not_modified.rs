//! The head of a 304 (RFC 9110, section 15.4.5).

use std::borrow::Borrow;

use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        LAST_MODIFIED, TRAILER, TRANSFER_ENCODING,
    },
};

use super::{ConditionalFields, fields::Field};
use crate::semantics::{
    field::{HttpDate, lines},
    validator::{EntityTag, TagRef, Validators, digest_fields::is_digest, validators},
};

impl<L: Borrow<HeaderValue>> ConditionalFields<L> {
    /// Makes `response` the 304 to this request, from the current state alone: nobody asks the
    /// service for its 200. `now` is called only if there is a date and no tag.
    pub(crate) fn write_not_modified<B>(
        &self,
        current: Validators,
        response: &mut Response<B>,
        now: impl FnOnce() -> HttpDate,
    ) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        let current = self.for_not_modified(current);
        current.into_not_modified(response.headers_mut(), now);
    }

    /// Turns the headers of a 200 into those of its 304 to this request.
    pub(crate) fn strip_for_not_modified(&self, headers: &mut HeaderMap) {
        strip_representation_metadata(headers);
        self.weaken_tag(headers);
    }

    /// Gives the tag of a 304 its weak form, if the client has no other.
    pub(crate) fn weaken_tag(&self, headers: &mut HeaderMap) {
        // Most clients have the tag in the very form of the header, so neither is parsed.
        if self.lines(Field::NoneMatch).next() == lines::lines(headers, &ETAG).next() {
            return;
        }
        let weak = validators::etag(headers).and_then(|tag| self.weak_form(tag));
        if let Some(weak) = weak {
            headers.insert(ETAG, weak.into());
        }
    }

    /// Returns the validators for a 304 to this request.
    pub(crate) fn for_not_modified(&self, mut current: Validators) -> Validators {
        let weak = current.as_ref().etag.and_then(|tag| self.weak_form(tag));
        if weak.is_some() {
            current.etag = weak;
        }
        current
    }

    /// Returns the weak form of the current tag, if the client has no other.
    ///
    /// A cache must not use a strong tag to update a stored response that has only the weak form
    /// (RFC 9111, section 4.3.4). Something between weakened the tag of the 200, for example
    /// compression, and would weaken it again (RFC 9110, section 15.4.5).
    fn weak_form(&self, current: TagRef<'_>) -> Option<EntityTag> {
        let names_only_weakly = self.names_only_weakly(current);
        names_only_weakly.then(|| EntityTag::from(current).into_weak())
    }
}

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
    ) || is_digest(name)
}
