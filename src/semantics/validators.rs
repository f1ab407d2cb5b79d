//! What tells one state of a representation from another
//! (RFC 9110, section 8.8).

use http::{
    HeaderMap, Response, StatusCode,
    header::{CONTENT_ENCODING, DATE, ETAG, LAST_MODIFIED},
};

use super::{
    date::HttpDate,
    etag::{EntityTag, TagRef},
    fields,
};

/// The validators of one representation. Either may be missing.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Validators {
    /// The entity tag.
    pub etag: Option<EntityTag>,
    /// When the representation last changed, in whole seconds.
    pub last_modified: Option<HttpDate>,
}

/// Borrowed [`Validators`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ValidatorsRef<'a> {
    /// The entity tag.
    pub etag: Option<TagRef<'a>>,
    /// When the representation last changed, in whole seconds.
    pub last_modified: Option<HttpDate>,
}

impl Validators {
    /// No validators yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this entity tag.
    #[must_use]
    pub fn with_etag(self, etag: EntityTag) -> Self {
        Self {
            etag: Some(etag),
            ..self
        }
    }

    /// With this modification date. Fractions of a second were dropped when
    /// the [`HttpDate`] was made, so a date that we sent always revalidates.
    #[must_use]
    pub fn with_last_modified(self, last_modified: impl Into<HttpDate>) -> Self {
        Self {
            last_modified: Some(last_modified.into()),
            ..self
        }
    }

    /// Reads `ETag` and `Last-Modified` of a response, as
    /// [`ValidatorsRef::from_headers`] does.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, now: HttpDate) -> Self {
        Self {
            etag: fields::only(headers, &ETAG).and_then(|tag| EntityTag::try_from(tag).ok()),
            last_modified: last_modified(headers, now),
        }
    }

    /// Borrows the validators.
    #[must_use]
    pub fn as_ref(&self) -> ValidatorsRef<'_> {
        ValidatorsRef {
            etag: self.etag.as_ref().map(EntityTag::as_ref),
            last_modified: self.last_modified,
        }
    }

    /// Sets `ETag` and `Last-Modified` where the validator is known, and
    /// leaves the field alone where it is not: one never removes the other.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        if let Some(etag) = &self.etag {
            headers.insert(ETAG, etag.as_header_value().clone());
        }
        if let Some(date) = self.last_modified {
            headers.insert(LAST_MODIFIED, date.into());
        }
    }
}

/// This tag and no date.
impl From<EntityTag> for Validators {
    fn from(etag: EntityTag) -> Self {
        Self::new().with_etag(etag)
    }
}

impl<'a> ValidatorsRef<'a> {
    /// Reads `ETag` and `Last-Modified` of a response.
    ///
    /// A malformed or repeated field counts as missing; `now` serves
    /// [`HttpDate::parse`].
    #[must_use]
    pub fn from_headers(headers: &'a HeaderMap, now: HttpDate) -> Self {
        Self {
            etag: etag(headers),
            last_modified: last_modified(headers, now),
        }
    }
}

/// Labels a representation with validators that were read before it, where it
/// has none of its own. Content that is coded gets a weak tag: the validators
/// are those of the resource, whose other codings have other bytes
/// (RFC 9110, section 8.8.3.3).
pub(crate) fn label<B>(response: &mut Response<B>, before: &Validators) {
    let represents = matches!(
        response.status(),
        StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION | StatusCode::PARTIAL_CONTENT
    );
    if !represents {
        return;
    }
    let headers = response.headers_mut();
    if let Some(etag) = &before.etag
        && !fields::has(headers, &ETAG)
    {
        let coded = fields::has(headers, &CONTENT_ENCODING);
        let etag = etag.clone();
        let etag = if coded { etag.into_weak() } else { etag };
        headers.insert(ETAG, etag.into());
    }
    if let Some(date) = before.last_modified
        && !fields::has(headers, &LAST_MODIFIED)
    {
        headers.insert(LAST_MODIFIED, date.into());
    }
}

pub(crate) fn etag(headers: &HeaderMap) -> Option<TagRef<'_>> {
    TagRef::parse(fields::only(headers, &ETAG)?.as_bytes())
}

/// The modification date of a response, which is made to be no later than the
/// message itself (RFC 9110, section 8.8.2.1): its `Date`, or `now`.
pub(crate) fn correct_last_modified(headers: &mut HeaderMap, now: HttpDate) -> Option<HttpDate> {
    let modified = last_modified(headers, now)?;
    let date = fields::only(headers, &DATE)
        .and_then(|date| HttpDate::parse(date.as_bytes(), now))
        .unwrap_or(now);
    if modified > date {
        headers.insert(LAST_MODIFIED, date.into());
    }
    Some(modified.min(date))
}

pub(crate) fn last_modified(headers: &HeaderMap, now: HttpDate) -> Option<HttpDate> {
    HttpDate::parse(fields::only(headers, &LAST_MODIFIED)?.as_bytes(), now)
}
