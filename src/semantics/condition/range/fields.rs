use std::borrow::Borrow;

use http::{
    HeaderMap, HeaderValue, Method,
    header::{CONTENT_RANGE, IF_RANGE, RANGE},
};

use super::{RangeSet, Representation, specifier::byte_specifiers};
use crate::semantics::{
    field::{HttpDate, OneOrMany, accept_encoding, lines, list::trim_ows},
    validator::TagRef,
};

/// `Range` and `If-Range` of one request.
///
/// [`from_headers`](Self::from_headers) borrows from the request. [`cloned`](Self::cloned) makes a
/// copy that outlives the request and shares its bytes.
#[derive(Debug, Clone)]
pub struct RangeFields<L = HeaderValue> {
    /// `None` if there is no line, or more than one.
    range: Option<L>,
    if_range: OneOrMany<L>,
    /// `true` if a layer outside may code the response.
    allows_coding: bool,
}

impl<'a> RangeFields<&'a HeaderValue> {
    /// Reads the headers of a request. `Range` is no list, so several lines of it count as none.
    #[must_use]
    pub fn from_headers(headers: &'a HeaderMap) -> Self {
        // Most requests have none, and names are compared faster than lines are found.
        let range = lines::has(headers, &RANGE)
            .then(|| lines::only(headers, &RANGE))
            .flatten();
        let if_range = match range {
            // RFC 9110, section 13.1.5: without `Range`, it is ignored.
            None => OneOrMany::None,
            Some(_) => lines::lines(headers, &IF_RANGE).collect(),
        };
        // Only several parts can be coded, and most requests have one range.
        let is_list = range.is_some_and(|line| line.as_bytes().contains(&b','));
        Self {
            range,
            if_range,
            allows_coding: is_list && accept_encoding::allows_coding(headers),
        }
    }

    /// Returns the same headers in a form that outlives the request.
    #[must_use]
    pub fn cloned(&self) -> RangeFields {
        RangeFields {
            range: self.range.cloned(),
            if_range: self.if_range.map(|line| HeaderValue::clone(line)),
            allows_coding: self.allows_coding,
        }
    }
}

impl<L: Borrow<HeaderValue>> RangeFields<L> {
    /// Returns `true` if the request asks for the whole representation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_none()
    }

    /// Returns `true` if the request has `If-Range`: the client has a part, and its metadata.
    #[must_use]
    pub fn has_if_range(&self) -> bool {
        !matches!(self.if_range, OneOrMany::None)
    }

    /// Returns `true` if these ranges may be sent in one response.
    ///
    /// A response with several parts has no `Content-Range`, by which a layer that compresses knows
    /// a part. It would code the delimiters with the parts (section 14.1.2). So a client that accepts
    /// a coding gets one part at most.
    pub(super) fn may_send(&self, ranges: &RangeSet) -> bool {
        !self.allows_coding || ranges.as_slice().len() < 2
    }

    /// Returns the members of `Range`, if it counts bytes.
    pub(super) fn specifiers(&self) -> Option<impl Iterator<Item = &[u8]>> {
        byte_specifiers(self.range.as_ref()?.borrow().as_bytes())
    }

    /// Returns `true` unless `If-Range` names another representation (section 13.1.5).
    pub(super) fn may_join(&self, current: &Representation<'_>) -> bool {
        let line = match &self.if_range {
            OneOrMany::None => return true,
            OneOrMany::One(line) => trim_ows(line.borrow().as_bytes()),
            OneOrMany::Many(_) => return false,
        };
        if matches!(line, [b'"', ..] | [b'W', b'/', ..]) {
            let tags = TagRef::parse(line).zip(current.validators.etag);
            return tags.is_some_and(|(named, current)| named.strong_eq(current));
        }
        // Section 8.8.2.2: two states of the second in which the response was made may have one
        // date.
        let (Some(modified), Some(made)) = (current.validators.last_modified, current.date) else {
            return false;
        };
        modified < made && HttpDate::parse(line, made) == Some(modified)
    }
}

/// Returns `true` for a request that writes a part (section 14.5).
pub(crate) fn is_partial_put(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::PUT && lines::has(headers, &CONTENT_RANGE)
}
