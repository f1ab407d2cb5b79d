use std::borrow::Borrow;

use http::{HeaderValue, Method};

use super::{Condition, Current};
use crate::semantics::{
    field::{
        HttpDate, OneOrMany,
        list::trim_ows,
        method::{is_write, may_be_not_modified},
    },
    validator::{TagMember, TagRef, ValidatorsRef, entity_tags},
};

/// The conditional fields of one request, apart from `If-Range`.
///
/// [`from_headers`](Self::from_headers) borrows the lines of the request's head.
/// [`cloned`](Self::cloned) gives fields that outlive it; no bytes are copied.
#[derive(Debug, Clone)]
pub struct ConditionalFields<L = HeaderValue> {
    lines: OneOrMany<(Field, L)>,
    weak_if_match: bool,
}

impl<L> Default for ConditionalFields<L> {
    fn default() -> Self {
        Self {
            lines: OneOrMany::None,
            weak_if_match: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Match,
    NoneMatch,
    ModifiedSince,
    UnmodifiedSince,
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

impl<'a> ConditionalFields<&'a HeaderValue> {
    /// The same fields, which outlive the request.
    #[must_use]
    pub fn cloned(&self) -> ConditionalFields {
        let clone = |(field, line): &(Field, &HeaderValue)| (*field, HeaderValue::clone(line));
        ConditionalFields {
            lines: self.lines.map(clone),
            weak_if_match: self.weak_if_match,
        }
    }

    pub(super) fn push(&mut self, field: Field, line: &'a HeaderValue) {
        self.lines.push((field, line));
    }
}

impl<L: Borrow<HeaderValue>> ConditionalFields<L> {
    /// Whether the request is unconditional.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.lines, OneOrMany::None)
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
    pub(crate) fn guard_writes(
        &self,
        current: Current<ValidatorsRef<'_>>,
        now: impl FnOnce() -> HttpDate,
    ) -> bool {
        if self.is_empty() {
            return false;
        }
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

    pub(super) fn tags_of(&self, field: Field) -> impl Iterator<Item = TagRef<'_>> {
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
    /// performed whatever the state is: the method is not safe, and the field has
    /// not one well-formed member. A client that misspells its guard gets 412,
    /// and not the write that the guard was to prevent.
    pub(crate) fn malformed_guard(&self, method: &Method) -> Option<Condition> {
        if !is_write(method) {
            return None;
        }
        [Condition::IfMatch, Condition::IfNoneMatch]
            .into_iter()
            .find(|condition| self.is_malformed(*condition))
    }

    /// Returns `true` if the condition is there, and is neither `*` nor names a tag.
    pub(crate) fn is_malformed(&self, condition: Condition) -> bool {
        let is_single = |line: &HeaderValue| {
            let line = trim_ows(line.as_bytes());
            line == b"*" || TagRef::parse(line).is_some()
        };
        condition != Condition::IfUnmodifiedSince
            && self.names(condition)
            && !self.only(condition.into()).is_some_and(is_single)
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
        let lines = self.lines.as_slice().iter();
        let is_wanted = move |(of, _): &&(Field, L)| *of == field;
        lines.filter(is_wanted).map(|(_, line)| line.borrow())
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.lines(field).next().is_some()
    }

    /// The line of a request that has only this one.
    pub(super) fn single(&self) -> Option<(Field, &HeaderValue)> {
        match &self.lines {
            OneOrMany::One((field, line)) => Some((*field, line.borrow())),
            OneOrMany::None | OneOrMany::Many(_) => None,
        }
    }

    pub(super) fn only(&self, field: Field) -> Option<&HeaderValue> {
        let mut lines = self.lines(field);
        match (lines.next(), lines.next()) {
            (Some(line), None) => Some(line),
            _ => None,
        }
    }
}
