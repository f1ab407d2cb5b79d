//! Conditional requests: which conditions a request carries, and what they
//! come to for the current state (RFC 9110, section 13).

use std::fmt;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RANGE, UPGRADE},
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

impl Decision {
    /// Whether the decision stands for a request whose answer without
    /// conditions has this status; `ranged` says that it asked for a part.
    ///
    /// Conditions are for 2xx only (RFC 9110, section 13.2.1), and 304 is for
    /// what would be a 200 without its `Range`, which comes last (sections
    /// 13.2.2 and 15.4.5).
    #[must_use]
    pub fn applies_to(self, status: StatusCode, ranged: bool) -> bool {
        match self {
            Self::Proceed | Self::Failed(_) => status.is_success(),
            Self::NotModified => {
                status == StatusCode::OK || (status == StatusCode::PARTIAL_CONTENT && ranged)
            }
        }
    }
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
    // Almost always there is one line, which needs no `Vec`.
    first: Option<(Field, HeaderValue)>,
    more: Vec<(Field, HeaderValue)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Match,
    NoneMatch,
    ModifiedSince,
    UnmodifiedSince,
}

impl Field {
    fn named(name: &HeaderName) -> Option<Self> {
        match *name {
            IF_MATCH => Some(Self::Match),
            IF_NONE_MATCH => Some(Self::NoneMatch),
            IF_MODIFIED_SINCE => Some(Self::ModifiedSince),
            IF_UNMODIFIED_SINCE => Some(Self::UnmodifiedSince),
            _ => None,
        }
    }
}

impl Preconditions {
    /// Takes the conditional fields of a request.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Asks::of(headers).preconditions
    }

    fn take(&mut self, name: &HeaderName, value: &HeaderValue) {
        let Some(field) = Field::named(name) else {
            return;
        };
        let line = (field, value.clone());
        if self.first.is_none() {
            self.first = Some(line);
        } else {
            self.more.push(line);
        }
    }

    /// Whether the request is unconditional.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Whether a date decides, so that [`evaluate`](Self::evaluate) needs to
    /// know the time.
    pub(crate) fn need_now(&self) -> bool {
        self.has(Field::ModifiedSince) || self.has(Field::UnmodifiedSince)
    }

    fn lines(&self, field: Field) -> impl Iterator<Item = &HeaderValue> {
        self.first
            .iter()
            .chain(&self.more)
            .filter_map(move |(of, line)| (*of == field).then_some(line))
    }

    fn has(&self, field: Field) -> bool {
        self.lines(field).next().is_some()
    }

    fn only(&self, field: Field) -> Option<&HeaderValue> {
        let mut lines = self.lines(field);
        match (lines.next(), lines.next()) {
            (Some(line), None) => Some(line),
            _ => None,
        }
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
        if self.has(Field::Match) {
            if !self.matches(Field::Match, selected, |a, b| a.strong_eq(b)) {
                return Decision::Failed(Condition::IfMatch);
            }
        } else if self.modified_since(Field::UnmodifiedSince, selected, now) == Some(true) {
            return Decision::Failed(Condition::IfUnmodifiedSince);
        }

        // Steps 3 and 4.
        if self.has(Field::NoneMatch) {
            if self.matches(Field::NoneMatch, selected, |a, b| a.weak_eq(b)) {
                return if reads {
                    Decision::NotModified
                } else {
                    Decision::Failed(Condition::IfNoneMatch)
                };
            }
        } else if reads && self.modified_since(Field::ModifiedSince, selected, now) == Some(false) {
            return Decision::NotModified;
        }
        Decision::Proceed
    }

    /// `*` matches whatever exists; it is that only when it stands alone
    /// (sections 13.1.1 and 13.1.2).
    fn matches(
        &self,
        field: Field,
        selected: Option<ValidatorsRef<'_>>,
        same: fn(TagRef<'_>, TagRef<'_>) -> bool,
    ) -> bool {
        let Some(validators) = selected else {
            return false;
        };
        let alone = self.only(field);
        if alone.is_some_and(|line| trim_ows(line.as_bytes()) == b"*") {
            return true;
        }
        let Some(current) = validators.etag else {
            return false;
        };
        // A client sends what it got: one tag, which need not be taken apart.
        if alone.is_some_and(|line| current.is_spelled(line.as_bytes())) {
            return same(current, current);
        }
        entity_tags(self.lines(field)).any(|member| match member {
            TagMember::Tag(tag) => same(tag, current),
            TagMember::Malformed(_) => false,
        })
    }

    /// Whether the representation changed after the field's date. `None` where
    /// the field must be ignored: absent, not one valid date, or no
    /// modification date to compare with (sections 13.1.3 and 13.1.4).
    fn modified_since(
        &self,
        field: Field,
        selected: Option<ValidatorsRef<'_>>,
        now: HttpDate,
    ) -> Option<bool> {
        let date = HttpDate::parse(self.only(field)?.as_bytes(), now)?;
        Some(selected?.last_modified? > date)
    }
}

/// What a request asks for, as far as its fields tell.
#[derive(Debug, Default)]
pub(crate) struct Asks {
    /// `Upgrade`: the connection will carry no representation
    /// (RFC 9110, section 7.8).
    pub(crate) upgrade: bool,
    /// `Range`: for a part.
    pub(crate) range: bool,
    pub(crate) preconditions: Preconditions,
}

impl Asks {
    /// Looks once at each field, which costs less than looking six of them up.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut asks = Self::default();
        let mut conditional = false;
        for name in headers.keys() {
            match *name {
                UPGRADE => asks.upgrade = true,
                RANGE => asks.range = true,
                IF_MATCH | IF_NONE_MATCH | IF_MODIFIED_SINCE | IF_UNMODIFIED_SINCE => {
                    conditional = true;
                }
                _ => {}
            }
        }
        if conditional {
            for (name, value) in headers {
                asks.preconditions.take(name, value);
            }
        }
        asks
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
