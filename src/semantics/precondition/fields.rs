use std::cell::LazyCell;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};

use super::{Asks, Condition, Current, Decision};
use crate::semantics::{
    date::HttpDate,
    etag::TagRef,
    list::{TagMember, entity_tags, trim_ows},
    method::{is_safe, may_be_not_modified},
    validators::ValidatorsRef,
};

/// The conditional fields of one request, apart from `If-Range`.
///
/// Taking them copies no bytes, so they can outlive the request.
#[derive(Debug, Clone, Default)]
pub struct ConditionalFields {
    // Almost always there is one line, which needs no `Vec`.
    first: Option<(Field, HeaderValue)>,
    more: Vec<(Field, HeaderValue)>,
    weak_if_match: bool,
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

impl From<Condition> for Field {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::IfMatch => Self::Match,
            Condition::IfNoneMatch => Self::NoneMatch,
            Condition::IfUnmodifiedSince => Self::UnmodifiedSince,
        }
    }
}

impl ConditionalFields {
    /// Takes the conditional fields of a request.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Asks::of(headers).preconditions
    }

    pub(super) fn take(&mut self, name: &HeaderName, value: &HeaderValue) {
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

    /// Compares `If-Match` weakly, as FHIR (section 3.2.0.5 of its HTTP page)
    /// and OData (part 1, section 8.2.4) do against RFC 9110, section 13.1.1.
    #[must_use]
    pub fn with_weak_if_match(self, weak: bool) -> Self {
        Self {
            weak_if_match: weak,
            ..self
        }
    }

    /// Whether one of the fields can keep a write from being performed:
    /// `If-Match`, `If-None-Match` or `If-Unmodified-Since`. The latter counts
    /// only where it is not ignored (RFC 9110, section 13.1.4). `now` is asked
    /// as in [`evaluate`](Self::evaluate).
    #[must_use]
    pub fn guard_writes(
        &self,
        current: Current<ValidatorsRef<'_>>,
        now: impl FnOnce() -> HttpDate,
    ) -> bool {
        if self.has(Field::Match) || self.has(Field::NoneMatch) {
            return true;
        }
        let comparable = match current {
            Current::Unknown => true,
            Current::Absent => false,
            Current::Present(validators) => validators.last_modified.is_some(),
        };
        comparable && self.date(Field::UnmodifiedSince, now).is_some()
    }

    /// Returns `true` if one of the fields can make a safe request fail.
    pub(crate) fn can_fail(&self, method: &Method) -> bool {
        self.has(Field::Match)
            || self.has(Field::UnmodifiedSince)
            || (self.has(Field::NoneMatch) && !may_be_not_modified(method))
    }

    /// Whether the condition is there and is `*`, alone.
    pub(crate) fn is_any(&self, condition: Condition) -> bool {
        self.only(condition.into())
            .is_some_and(|line| trim_ows(line.as_bytes()) == b"*")
    }

    /// Whether a line of this condition is there.
    pub(crate) fn names(&self, condition: Condition) -> bool {
        self.has(condition.into())
    }

    /// The well-formed entity tags that the condition lists.
    pub(crate) fn tags(&self, condition: Condition) -> impl Iterator<Item = TagRef<'_>> {
        self.tags_of(condition.into())
    }

    fn tags_of(&self, field: Field) -> impl Iterator<Item = TagRef<'_>> {
        // Most clients send one tag, which need not be taken apart as a list.
        let single = self.only(field);
        let single = single.and_then(|line| TagRef::parse(trim_ows(line.as_bytes())));
        let list = single.is_none().then(|| entity_tags(self.lines(field)));
        let listed = list
            .into_iter()
            .flatten()
            .filter_map(|member| match member {
                TagMember::Tag(tag) => Some(tag),
                TagMember::Malformed(_) => None,
            });
        single.into_iter().chain(listed)
    }

    /// Whether a tag that `If-Match` names counts as itself alone, or for every
    /// tag with the same opaque text.
    pub(crate) fn matches_weakly(&self) -> bool {
        self.weak_if_match
    }

    /// Returns the condition that keeps a request of this method from being
    /// performed whatever the state is: the method is unsafe, and the field has
    /// not one well-formed member. A client that misspells its guard gets 412,
    /// and not the write that the guard was to prevent.
    pub(crate) fn malformed_guard(&self, method: &Method) -> Option<Condition> {
        if is_safe(method) || *method == Method::CONNECT {
            return None;
        }
        [Condition::IfMatch, Condition::IfNoneMatch]
            .into_iter()
            .find(|condition| self.is_malformed(*condition))
    }

    /// Whether the condition is there, and is neither `*` nor names a tag.
    pub(crate) fn is_malformed(&self, condition: Condition) -> bool {
        condition != Condition::IfUnmodifiedSince
            && self.names(condition)
            && !self.is_any(condition)
            && self.tags(condition).next().is_none()
    }

    /// Whether `If-None-Match` names this strong tag in its weak form alone: the
    /// client has a representation that was labelled weakly.
    pub(crate) fn names_weakly(&self, tag: TagRef<'_>) -> bool {
        let Some(line) = self.lines(Field::NoneMatch).next() else {
            return false;
        };
        if tag.is_weak() || tag.is_spelled(line.as_bytes()) {
            return false;
        }
        let mut named = self
            .tags(Condition::IfNoneMatch)
            .filter(|named| named.weak_eq(tag));
        named
            .next()
            .is_some_and(|first| first.is_weak() && named.all(TagRef::is_weak))
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

    /// Decides in the order of RFC 9110, section 13.2.2. 304 is for `GET`,
    /// `HEAD` and `QUERY` (RFC 10008, section 2.6) alone.
    ///
    /// The caller has made sure that the answer without conditions would be
    /// 2xx (section 13.2.1). A malformed field fails safe: a date is ignored,
    /// and a list without one well-formed member keeps a request of an unsafe
    /// method from being performed, even where the state is unknown. On a safe method such
    /// an `If-Match` is false and such an `If-None-Match` true.
    ///
    /// An `If-Unmodified-Since` that equals a modification date of the current
    /// second is false, since a date cannot tell two changes in one second
    /// apart (section 8.8.2.2).
    ///
    /// `now` is asked once at most, and only where a date decides. It serves
    /// [`HttpDate::parse`] too.
    #[must_use]
    pub fn evaluate(
        &self,
        method: &Method,
        current: Current<ValidatorsRef<'_>>,
        now: impl FnOnce() -> HttpDate,
    ) -> Decision {
        // Section 13.2.1: these select no representation.
        if matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE) {
            return Decision::Proceed;
        }
        let selected = match current {
            Current::Unknown => {
                let malformed = self.malformed_guard(method);
                return malformed.map_or(Decision::Proceed, Decision::Failed);
            }
            Current::Absent => None,
            Current::Present(validators) => Some(validators),
        };
        let reads = may_be_not_modified(method);
        let now = LazyCell::new(now);

        // Steps 1 and 2.
        if self.has(Field::Match) {
            let weakly = self.weak_if_match;
            let same = |a: TagRef<'_>, b: TagRef<'_>| a.strong_eq(b) || (weakly && a.weak_eq(b));
            if !self.matches(Field::Match, selected, same) {
                return Decision::Failed(Condition::IfMatch);
            }
        } else if let Some((modified, date)) =
            self.dates(Field::UnmodifiedSince, selected, || *now)
            // Section 8.8.2.2: in a second that is not over it may change again.
            && (modified > date || (modified == date && modified >= *now))
        {
            return Decision::Failed(Condition::IfUnmodifiedSince);
        }

        // Steps 3 and 4.
        if self.has(Field::NoneMatch) {
            // A guard that is misspelt is no permission.
            let misspelt = || !is_safe(method) && self.is_malformed(Condition::IfNoneMatch);
            if self.matches(Field::NoneMatch, selected, |a, b| a.weak_eq(b)) || misspelt() {
                return if reads {
                    Decision::NotModified
                } else {
                    Decision::Failed(Condition::IfNoneMatch)
                };
            }
        } else if reads
            && let Some((modified, date)) = self.dates(Field::ModifiedSince, selected, || *now)
            && modified <= date
        {
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
        same: impl Fn(TagRef<'_>, TagRef<'_>) -> bool,
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
        self.tags_of(field).any(|tag| same(tag, current))
    }

    /// Returns the modification date and the field's. `None` where the field
    /// must be ignored: absent, not one valid date, or no modification date to
    /// compare with (sections 13.1.3 and 13.1.4).
    fn dates(
        &self,
        field: Field,
        selected: Option<ValidatorsRef<'_>>,
        now: impl FnOnce() -> HttpDate,
    ) -> Option<(HttpDate, HttpDate)> {
        Some((selected?.last_modified?, self.date(field, now)?))
    }

    fn date(&self, field: Field, now: impl FnOnce() -> HttpDate) -> Option<HttpDate> {
        HttpDate::parse(self.only(field)?.as_bytes(), now())
    }
}
