//! What tells one state of a representation from another
//! (RFC 9110, section 8.8).

use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, DATE, ETAG, LAST_MODIFIED},
};

use super::{EntityTag, RepeatedFields, TagRef};
use crate::semantics::field::{HttpDate, lines};

/// The validators of one representation. Either may be missing.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Validators {
    /// The entity tag.
    pub etag: Option<EntityTag>,
    /// When the representation last changed, in whole seconds.
    pub last_modified: Option<HttpDate>,
    /// The other fields that a 304 repeats.
    pub repeated: RepeatedFields,
}

/// Borrowed [`Validators`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ValidatorsRef<'a> {
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

    /// With the fields that a 304 repeats from the 200, beside the validators.
    #[must_use]
    pub fn with_repeated(self, repeated: RepeatedFields) -> Self {
        Self { repeated, ..self }
    }

    /// Reads `ETag` and `Last-Modified` of a response.
    ///
    /// A malformed or repeated field counts as missing. `now` serves
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

    /// Whether both are of one state. Tags decide alone; without them dates do.
    pub(crate) fn show_same_state(&self, other: &Self) -> bool {
        match (&self.etag, &other.etag) {
            (Some(tag), Some(other)) => tag.is_weak() == other.is_weak() && tag.weak_eq(other),
            (None, None) => self.last_modified == other.last_modified,
            _ => false,
        }
    }

    /// Sets `ETag` and `Last-Modified` where the validator is known, and
    /// leaves the field alone where it is not: one never removes the other.
    ///
    /// `now` is asked only if there is a date. A date after it is written as `now`
    /// (RFC 9110, section 8.8.2.1). A date of the current second may come to stand
    /// for two states (section 8.8.2.2), so it is written beside a tag only.
    pub fn write_to(&self, headers: &mut HeaderMap, now: impl FnOnce() -> HttpDate) {
        if let Some(etag) = &self.etag {
            headers.insert(ETAG, etag.as_header_value().clone());
        }
        self.write_date(headers, now);
    }

    /// As [`write_to`](Self::write_to), without a copy of the tag.
    pub(crate) fn into_headers(mut self, headers: &mut HeaderMap, now: impl FnOnce() -> HttpDate) {
        if let Some(etag) = self.etag.take() {
            headers.insert(ETAG, etag.into());
        }
        self.write_date(headers, now);
    }

    /// Sets what a 304 repeats: the tag, or the date without one (RFC 9110, section
    /// 15.4.5), and the other fields.
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

/// This tag and no date.
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

/// How validators that were read before a response may label it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Not at all: it is no whole representation.
    Keep,
    /// With the date, if that is missing: it has a tag of its own.
    OwnTag,
    /// With the strong tag, once the source has said the same again.
    Confirm,
    /// With the tag as it is: it is weak, or there is only a date.
    AsRead,
    /// With a weak tag: the content is coded, so that other codings of the same
    /// state have other bytes (RFC 9110, section 8.8.3.3), or it is read after
    /// its head went out, and may be newer than any confirmation.
    Weaken,
}

impl Label {
    /// `is_exact` says that the length of the body is known.
    pub(crate) fn of(
        status: StatusCode,
        headers: &HeaderMap,
        is_exact: bool,
        before: &Validators,
    ) -> Self {
        if !matches!(
            status,
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION
        ) {
            return Self::Keep;
        }
        if lines::has(headers, &ETAG) {
            return Self::OwnTag;
        }
        match &before.etag {
            Some(tag) if !tag.is_weak() => {
                if is_exact && !lines::has(headers, &CONTENT_ENCODING) {
                    Self::Confirm
                } else {
                    Self::Weaken
                }
            }
            _ => Self::AsRead,
        }
    }

    /// Writes the validators that the label allows and the head does not have.
    pub(crate) fn write(self, headers: &mut HeaderMap, before: &Validators) {
        if self == Self::Keep {
            return;
        }
        if let Some(tag) = &before.etag
            && self != Self::OwnTag
        {
            let tag = tag.clone();
            let tag = if self == Self::Weaken {
                tag.into_weak()
            } else {
                tag
            };
            headers.insert(ETAG, tag.into());
        }
        if let Some(date) = before.last_modified
            && !lines::has(headers, &LAST_MODIFIED)
        {
            headers.insert(LAST_MODIFIED, date.into());
        }
    }
}

pub(crate) fn etag(headers: &HeaderMap) -> Option<TagRef<'_>> {
    TagRef::parse(lines::only(headers, &ETAG)?.as_bytes())
}

/// Corrects the `Last-Modified` of a response for the time at which the message
/// was made: its `Date`, or `now`. A later one becomes that time (RFC 9110,
/// section 8.8.2.1), and one of that very second is removed if no entity tag is
/// beside it (section 8.8.2.2).
///
/// Returns the date that conditions are evaluated with, removed or not.
pub(crate) fn correct_last_modified(
    headers: &mut HeaderMap,
    now: impl FnOnce() -> HttpDate,
) -> Option<HttpDate> {
    if !lines::has(headers, &LAST_MODIFIED) {
        return None;
    }
    let now = now();
    let modified = last_modified(headers, || now)?;
    let made = lines::only(headers, &DATE)
        .and_then(|date| HttpDate::parse(date.as_bytes(), now))
        .unwrap_or(now);
    if is_ambiguous(modified, etag(headers).is_some(), made) {
        headers.remove(LAST_MODIFIED);
    } else if modified > made {
        headers.insert(LAST_MODIFIED, made.into());
    }
    Some(modified.min(made))
}

/// Whether a modification date in a message that is made at `made` may come to
/// stand for two states, with no entity tag to tell them apart.
fn is_ambiguous(modified: HttpDate, tagged: bool, made: HttpDate) -> bool {
    !tagged && modified >= made
}

pub(crate) fn last_modified(
    headers: &HeaderMap,
    now: impl FnOnce() -> HttpDate,
) -> Option<HttpDate> {
    HttpDate::parse(lines::only(headers, &LAST_MODIFIED)?.as_bytes(), now())
}
