use std::{borrow::Borrow, cell::LazyCell};

use http::{HeaderValue, Method};

use super::{Condition, ConditionalFields, Current, Decision, fields::Field};
use crate::semantics::{
    field::{
        HttpDate,
        list::trim_ows,
        method::{is_safe, may_be_not_modified},
    },
    validator::{TagRef, ValidatorsRef},
};

impl<L: Borrow<HeaderValue>> ConditionalFields<L> {
    /// Evaluates the conditions in the order of RFC 9110, section 13.2.2. A 304 is for `GET`,
    /// `HEAD` and `QUERY` (RFC 10008, section 2.6) only.
    ///
    /// The caller ensures that the response without conditions would be 2xx (section 13.2.1).
    ///
    /// A malformed date is ignored. A list without a well-formed member makes a write
    /// fail, even in an unknown state. For a safe method, such an `If-Match` is
    /// false, and such an `If-None-Match` is true.
    ///
    /// An `If-Unmodified-Since` that equals a modification date of the current second is
    /// false: a date cannot distinguish two changes in one second (section 8.8.2.2).
    ///
    /// `now` is called at most once, and only if a date decides. [`HttpDate::parse`] uses it
    /// too.
    #[must_use]
    pub(crate) fn evaluate(
        &self,
        method: &Method,
        current: Current<ValidatorsRef<'_>>,
        now: impl FnOnce() -> HttpDate,
    ) -> Decision {
        // Section 13.2.1: these methods select no representation.
        if matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE) {
            return Decision::Proceed;
        }
        match self.evaluate_one_tag(method, current) {
            Some(decision) => decision,
            None => self.evaluate_all(method, current, now),
        }
    }

    /// Decides the most frequent request: one condition with one tag, and a known current tag.
    /// Returns `None` for every other request.
    fn evaluate_one_tag(
        &self,
        method: &Method,
        current: Current<ValidatorsRef<'_>>,
    ) -> Option<Decision> {
        let Current::Present(current) = current else {
            return None;
        };
        let current = current.etag?;
        let (field, line) = self.single()?;
        let line = line.as_bytes();
        // A client mostly sends the current tag, which then needs no parsing.
        let named = if current.equals_bytes(line) {
            current
        } else {
            TagRef::parse(line)?
        };
        match field {
            Field::NoneMatch if matches!(*method, Method::GET | Method::HEAD) => {
                Some(if named.weak_eq(current) {
                    Decision::NotModified
                } else {
                    Decision::Proceed
                })
            }
            Field::Match => Some(if self.matches_current(named, current) {
                Decision::Proceed
            } else {
                Decision::Failed(Condition::IfMatch)
            }),
            _ => None,
        }
    }

    fn matches_current(&self, named: TagRef<'_>, current: TagRef<'_>) -> bool {
        named.strong_eq(current) || (self.has_weak_if_match() && named.weak_eq(current))
    }

    /// Decides any request, except the methods that select no representation.
    pub(in crate::semantics) fn evaluate_all(
        &self,
        method: &Method,
        current: Current<ValidatorsRef<'_>>,
        now: impl FnOnce() -> HttpDate,
    ) -> Decision {
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

        // Steps 1 and 2: `If-Unmodified-Since` counts only without `If-Match`.
        if self.has(Field::Match) {
            if !self.matches(Field::Match, selected, |a, b| self.matches_current(a, b)) {
                return Decision::Failed(Condition::IfMatch);
            }
        } else if let Some((modified, date)) =
            self.dates(Field::UnmodifiedSince, selected, || *now)
            // Section 8.8.2.2: the representation may change again in the current second.
            && (modified > date || (modified == date && modified >= *now))
        {
            return Decision::Failed(Condition::IfUnmodifiedSince);
        }

        // Steps 3 and 4: `If-Modified-Since` counts only without `If-None-Match`.
        if self.has(Field::NoneMatch) {
            // A malformed condition must not permit the write that it should prevent.
            let is_malformed = || !is_safe(method) && self.is_malformed(Condition::IfNoneMatch);
            if self.matches(Field::NoneMatch, selected, |a, b| a.weak_eq(b)) || is_malformed() {
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

    /// Returns `true` if the header lists the current tag. `*` alone matches every existing
    /// representation (sections 13.1.1 and 13.1.2).
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
        // Most clients send the one tag that they received, which needs no parsing.
        if alone.is_some_and(|line| current.equals_bytes(line.as_bytes())) {
            return same(current, current);
        }
        self.tags_of(field).any(|tag| same(tag, current))
    }

    /// Returns the modification date and the header's date.
    ///
    /// Returns `None` if the header must be ignored (sections 13.1.3 and 13.1.4). It is absent or
    /// not one valid date, or the modification date is unknown.
    fn dates(
        &self,
        field: Field,
        selected: Option<ValidatorsRef<'_>>,
        now: impl FnOnce() -> HttpDate,
    ) -> Option<(HttpDate, HttpDate)> {
        Some((selected?.last_modified?, self.date(field, now)?))
    }

    pub(super) fn date(&self, field: Field, now: impl FnOnce() -> HttpDate) -> Option<HttpDate> {
        HttpDate::parse(self.only(field)?.as_bytes(), now())
    }
}
