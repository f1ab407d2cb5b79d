//! The validators of a representation, and their headers (RFC 9110, section 8.8).

use http::{
    HeaderMap,
    header::{DATE, ETAG, LAST_MODIFIED},
};

use super::{EntityTag, RepeatedFields, TagRef};
use crate::semantics::field::{HttpDate, lines};

/// The validators of one representation: an entity tag and a modification date. Either may be
/// missing.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Validators {
    /// The entity tag.
    pub etag: Option<EntityTag>,
    /// The time of the last modification, in whole seconds.
    pub last_modified: Option<HttpDate>,
    /// The other headers that a 304 repeats.
    pub repeated: RepeatedFields,
}

/// Borrowed [`Validators`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ValidatorsRef<'a> {
    /// The entity tag.
    pub etag: Option<TagRef<'a>>,
    /// The time of the last modification, in whole seconds.
    pub last_modified: Option<HttpDate>,
}

impl Validators {
    /// Creates a value without validators.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the entity tag. Defaults to none.
    #[must_use]
    pub fn with_etag(self, etag: EntityTag) -> Self {
        Self {
            etag: Some(etag),
            ..self
        }
    }

    /// Sets the modification date. Defaults to none.
    ///
    /// An [`HttpDate`] has no fraction of a second, so a date that was sent always revalidates.
    #[must_use]
    pub fn with_last_modified(self, last_modified: impl Into<HttpDate>) -> Self {
        Self {
            last_modified: Some(last_modified.into()),
            ..self
        }
    }

    /// Sets the headers that a 304 repeats from the 200, besides the validators. Defaults to
    /// none.
    #[must_use]
    pub fn with_repeated(self, repeated: RepeatedFields) -> Self {
        Self { repeated, ..self }
    }

    /// Reads `ETag` and `Last-Modified` of a response.
    ///
    /// A malformed or repeated header counts as missing. `now` is for
    /// [`HttpDate::parse`], and is called only if there is a date.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, now: impl FnOnce() -> HttpDate) -> Self {
        Self {
            etag: lines::only(headers, &ETAG).and_then(|tag| EntityTag::try_from(tag).ok()),
            last_modified: last_modified(headers, now),
            repeated: RepeatedFields::new(),
        }
    }

    /// Borrows the validators.
    pub(crate) fn as_ref(&self) -> ValidatorsRef<'_> {
        ValidatorsRef {
            etag: self.etag.as_ref().map(EntityTag::as_ref),
            last_modified: self.last_modified,
        }
    }

    /// Returns `true` if both describe the same state. Only the tags are compared, or the dates
    /// if there are no tags.
    pub(crate) fn is_same_state(&self, other: &Self) -> bool {
        match (&self.etag, &other.etag) {
            (Some(tag), Some(other)) => tag.is_weak() == other.is_weak() && tag.weak_eq(other),
            (None, None) => self.last_modified == other.last_modified,
            _ => false,
        }
    }

    /// Writes `ETag` and `Last-Modified`, each if the validator is known. A header whose
    /// validator is unknown stays as it is.
    ///
    /// `now` is called only if there is a date. A later date is written as `now` (RFC 9110,
    /// section 8.8.2.1). Two states may have a date of the current second (section 8.8.2.2), so
    /// it is written only beside a tag.
    pub fn write_to(&self, headers: &mut HeaderMap, now: impl FnOnce() -> HttpDate) {
        if let Some(etag) = &self.etag {
            headers.insert(ETAG, etag.as_header_value().clone());
        }
        self.write_date(headers, now);
    }

    /// Writes the headers as [`write_to`](Self::write_to), without a copy of the tag.
    pub(crate) fn into_headers(mut self, headers: &mut HeaderMap, now: impl FnOnce() -> HttpDate) {
        if let Some(etag) = self.etag.take() {
            headers.insert(ETAG, etag.into());
        }
        self.write_date(headers, now);
    }

    /// Writes the headers of a 304: the tag, or the date if there is no tag (RFC 9110, section
    /// 15.4.5), and the repeated headers.
    pub(crate) fn into_not_modified(self, headers: &mut HeaderMap, now: impl FnOnce() -> HttpDate) {
        self.repeated.write_to(headers);
        match self.etag {
            Some(etag) => {
                headers.insert(ETAG, etag.into());
            }
            None => self.write_date(headers, now),
        }
    }

    fn write_date(&self, headers: &mut HeaderMap, now: impl FnOnce() -> HttpDate) {
        if let Some(date) = self.last_modified {
            let now = now();
            if !is_ambiguous(date, lines::has(headers, &ETAG), now) {
                headers.insert(LAST_MODIFIED, date.min(now).into());
            }
        }
    }
}

/// Validators with this tag and no date.
impl From<EntityTag> for Validators {
    fn from(etag: EntityTag) -> Self {
        Self::new().with_etag(etag)
    }
}

impl<'a> ValidatorsRef<'a> {
    pub(crate) fn new(etag: Option<TagRef<'a>>, last_modified: Option<HttpDate>) -> Self {
        Self {
            etag,
            last_modified,
        }
    }
}

/// Returns the entity tag of a response, if it has one well-formed `ETag`.
pub(crate) fn etag(headers: &HeaderMap) -> Option<TagRef<'_>> {
    TagRef::parse(lines::only(headers, &ETAG)?.as_bytes())
}

/// Corrects the `Last-Modified` of a response for the time of the message: its `Date`, or `now`.
///
/// A later date becomes that time (RFC 9110, section 8.8.2.1). A date of the same second is
/// removed if there is no entity tag (section 8.8.2.2).
///
/// Returns the date for the evaluation of conditions, even if the header was removed.
pub(crate) fn correct_last_modified(
    headers: &mut HeaderMap,
    now: impl FnOnce() -> HttpDate,
) -> Option<HttpDate> {
    let (modified, made) = dates(headers, now)?;
    if is_ambiguous(modified, etag(headers).is_some(), made) {
        headers.remove(LAST_MODIFIED);
    } else if modified > made {
        headers.insert(LAST_MODIFIED, made.into());
    }
    Some(modified.min(made))
}

/// Returns the modification date of a response, at most the time of the message (RFC 9110, section
/// 8.8.2.1).
#[cfg(feature = "tokio")]
pub(crate) fn corrected_last_modified(
    headers: &HeaderMap,
    now: impl FnOnce() -> HttpDate,
) -> Option<HttpDate> {
    dates(headers, now).map(|(modified, made)| modified.min(made))
}

/// Returns the modification date of a response, and the time of the message: its `Date`, or `now`.
pub(crate) fn dates(
    headers: &HeaderMap,
    now: impl FnOnce() -> HttpDate,
) -> Option<(HttpDate, HttpDate)> {
    if !lines::has(headers, &LAST_MODIFIED) {
        return None;
    }
    let now = now();
    let modified = last_modified(headers, || now)?;
    let made = lines::only(headers, &DATE)
        .and_then(|date| HttpDate::parse(date.as_bytes(), now))
        .unwrap_or(now);
    Some((modified, made))
}

/// Returns `true` if two states may have this modification date, and no entity tag
/// distinguishes them. `made` is the time of the message.
fn is_ambiguous(modified: HttpDate, tagged: bool, made: HttpDate) -> bool {
    !tagged && modified >= made
}

/// Returns the modification date of a response, if it has one valid `Last-Modified`.
pub(crate) fn last_modified(
    headers: &HeaderMap,
    now: impl FnOnce() -> HttpDate,
) -> Option<HttpDate> {
    HttpDate::parse(lines::only(headers, &LAST_MODIFIED)?.as_bytes(), now())
}
