//! Conditional requests: which conditions a request carries, and what they
//! come to for the current state (RFC 9110, section 13).

use std::fmt;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};

use super::{
    date::HttpDate,
    etag::TagRef,
    list::{TagMember, entity_tags, trim_ows},
    method::SafeMethods,
    validators::{Validators, ValidatorsRef},
};

/// What is known of the representation that a request selects.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::exhaustive_enums)] // the three states of existence are all there are
pub enum Current<V = Validators> {
    /// Nothing is known, so no condition is evaluated.
    #[default]
    Unknown,
    /// There is no current representation.
    Absent,
    /// There is one, with the validators that are known of it.
    Present(V),
}

impl Current {
    /// Borrows the validators.
    #[must_use]
    pub fn as_ref(&self) -> Current<ValidatorsRef<'_>> {
        match self {
            Self::Unknown => Current::Unknown,
            Self::Absent => Current::Absent,
            Self::Present(validators) => Current::Present(validators.as_ref()),
        }
    }
}

/// What a request's conditions ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // RFC 9110, section 13.2.2 has no other way out
pub enum Decision {
    /// Perform the method. `Range` and `If-Range`, where they apply, come next.
    Proceed,
    /// Answer 304: the client has this representation.
    NotModified,
    /// Answer 412: this condition is false.
    Failed(Condition),
}

/// A condition that can make a request fail with 412.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// `If-Match` (RFC 9110, section 13.1.1).
    IfMatch,
    /// `If-None-Match` (RFC 9110, section 13.1.2).
    IfNoneMatch,
    /// `If-Unmodified-Since` (RFC 9110, section 13.1.4).
    IfUnmodifiedSince,
}

impl Condition {
    /// The field's name as the standard writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IfMatch => "If-Match",
            Self::IfNoneMatch => "If-None-Match",
            Self::IfUnmodifiedSince => "If-Unmodified-Since",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The conditional fields of one request, apart from `If-Range`.
///
/// Taking them copies no bytes, so they can outlive the request.
#[derive(Debug, Clone, Default)]
pub struct Preconditions {
    if_match: FieldLines,
    if_unmodified_since: FieldLines,
    if_none_match: FieldLines,
    if_modified_since: FieldLines,
}

impl Preconditions {
    /// Takes the conditional fields of a request.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            // One look at each field costs less than looking four of them up.
            if name.as_str().starts_with("if-") {
                found.take(name, value);
            }
        }
        found
    }

    fn take(&mut self, name: &HeaderName, value: &HeaderValue) {
        let lines = match *name {
            IF_MATCH => &mut self.if_match,
            IF_UNMODIFIED_SINCE => &mut self.if_unmodified_since,
            IF_NONE_MATCH => &mut self.if_none_match,
            IF_MODIFIED_SINCE => &mut self.if_modified_since,
            _ => return,
        };
        lines.push(value.clone());
    }

    /// Whether the request is unconditional.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.if_match.is_empty()
            && self.if_unmodified_since.is_empty()
            && self.if_none_match.is_empty()
            && self.if_modified_since.is_empty()
    }

    /// Decides in the order of RFC 9110, section 13.2.2.
    ///
    /// The caller has made sure that the answer without conditions would be
    /// 2xx (section 13.2.1). A malformed field fails safe: `If-Match` is then
    /// false, `If-None-Match` is true, and a date is ignored. `now` serves
    /// [`HttpDate::parse`].
    #[must_use]
    pub fn evaluate(
        &self,
        method: &Method,
        current: Current<ValidatorsRef<'_>>,
        now: HttpDate,
    ) -> Decision {
        // Section 13.2.1: these select no representation.
        if matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE) {
            return Decision::Proceed;
        }
        let selected = match current {
            Current::Unknown => return Decision::Proceed,
            Current::Absent => None,
            Current::Present(validators) => Some(validators),
        };
        let reads = SafeMethods::of(method).is_some();

        // Steps 1 and 2.
        if !self.if_match.is_empty() {
            if !any_matches(&self.if_match, selected, |a, b| a.strong_eq(b)) {
                return Decision::Failed(Condition::IfMatch);
            }
        } else if modified_since(&self.if_unmodified_since, selected, now) == Some(true) {
            return Decision::Failed(Condition::IfUnmodifiedSince);
        }

        // Steps 3 and 4.
        if !self.if_none_match.is_empty() {
            if any_matches(&self.if_none_match, selected, |a, b| a.weak_eq(b)) {
                return if reads {
                    Decision::NotModified
                } else {
                    Decision::Failed(Condition::IfNoneMatch)
                };
            }
        } else if reads && modified_since(&self.if_modified_since, selected, now) == Some(false) {
            return Decision::NotModified;
        }
        Decision::Proceed
    }
}

/// [`Preconditions::evaluate`] for the fields in `headers`.
#[must_use]
pub fn evaluate(
    method: &Method,
    headers: &HeaderMap,
    current: Current<ValidatorsRef<'_>>,
    now: HttpDate,
) -> Decision {
    Preconditions::from_headers(headers).evaluate(method, current, now)
}

/// `*` matches whatever exists; it is that only when it stands alone
/// (RFC 9110, sections 13.1.1 and 13.1.2).
fn any_matches(
    field: &FieldLines,
    selected: Option<ValidatorsRef<'_>>,
    same: fn(TagRef<'_>, TagRef<'_>) -> bool,
) -> bool {
    let Some(validators) = selected else {
        return false;
    };
    if field
        .only()
        .is_some_and(|line| trim_ows(line.as_bytes()) == b"*")
    {
        return true;
    }
    let Some(current) = validators.etag else {
        return false;
    };
    entity_tags(field.iter()).any(|member| match member {
        TagMember::Tag(tag) => same(tag, current),
        TagMember::Malformed(_) => false,
    })
}

/// Whether the representation changed after the field's date. `None` where the
/// field must be ignored: absent, not one valid date, or no modification date
/// to compare with (RFC 9110, sections 13.1.3 and 13.1.4).
fn modified_since(
    field: &FieldLines,
    selected: Option<ValidatorsRef<'_>>,
    now: HttpDate,
) -> Option<bool> {
    let date = HttpDate::parse(field.only()?.as_bytes(), now)?;
    Some(selected?.last_modified? > date)
}

/// All lines of one field. Almost always there is one, which needs no `Vec`.
#[derive(Debug, Clone, Default)]
struct FieldLines {
    first: Option<HeaderValue>,
    more: Vec<HeaderValue>,
}

impl FieldLines {
    fn push(&mut self, line: HeaderValue) {
        if self.first.is_none() {
            self.first = Some(line);
        } else {
            self.more.push(line);
        }
    }

    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn only(&self) -> Option<&HeaderValue> {
        self.first.as_ref().filter(|_| self.more.is_empty())
    }

    fn iter(&self) -> impl Iterator<Item = &HeaderValue> {
        self.first.iter().chain(&self.more)
    }
}
