//! The validators that a response gets from a source that was called before.

use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, ETAG, LAST_MODIFIED},
};

use super::Validators;
use crate::semantics::field::lines;

/// The validators of the source that a response gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// The response gets no validators: it is not a whole representation.
    Keep,
    /// The response has its own tag. It gets the date, if that is missing.
    OwnTag,
    /// The response gets the strong tag, once the source has confirmed it.
    Confirm,
    /// The response gets the validators unchanged: a weak tag, or only a date.
    AsRead,
    /// The response gets the tag as a weak one.
    ///
    /// Either the content is coded: other codings of the same state have other bytes
    /// (RFC 9110, section 8.8.3.3). Or it is read after its head was sent, and may be newer
    /// than any confirmation.
    Weaken,
}

impl Label {
    /// Returns the label of a response. `is_exact` is `true` if the length of the body is
    /// known.
    pub(crate) fn for_response(
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
        // A date or a weak tag promises less, and needs no confirmation.
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

    /// Writes the validators that the label allows and that the head lacks.
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
