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

/// The conditional headers of one request, except `If-Range`.
///
/// [`from_headers`](Self::from_headers) borrows from the request. [`cloned`](Self::cloned) makes
/// a copy that outlives the request and shares its bytes.
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

/// The name of a conditional header.
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
    /// Returns the same headers in a form that outlives the request.
    #[must_use]
    pub fn cloned(&self) -> ConditionalFields {
        let clone = |(field, line): &(Field, &HeaderValue)| (*field, HeaderValue::clone(line));
        ConditionalFields {
            lines: self.lines.map(clone),
            weak_if_match: self.weak_if_match,
        }
    }

    /// Adds a line of `If-None-Match`.
    #[cfg(feature = "tokio")]
    pub(crate) fn push_none_match(&mut self, line: &'a HeaderValue) {
        self.push(Field::NoneMatch, line);
    }

    /// Adds a line of `If-Modified-Since`.
    #[cfg(feature = "tokio")]
    pub(crate) fn push_modified_since(&mut self, line: &'a HeaderValue) {
        self.push(Field::ModifiedSince, line);
    }

    pub(super) fn push(&mut self, field: Field, line: &'a HeaderValue) {
        self.lines.push((field, line));
    }
}

impl<L: Borrow<HeaderValue>> ConditionalFields<L> {
    /// Returns `true` if the request is unconditional.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.lines, OneOrMany::None)
    }

    /// Sets whether `If-Match` is compared weakly. Defaults to `false`.
    ///
    /// FHIR (section 3.2.0.5 of its HTTP page) and OData (part 1, section 8.2.4) require it,
    /// against RFC 9110, section 13.1.1.
    #[must_use]
    pub fn with_weak_if_match(self, weak: bool) -> Self {
        Self {
            weak_if_match: weak,
            ..self
        }
    }

    /// Returns `true` if one of the headers can keep a write from being performed.
    ///
    /// These are `If-Match`, `If-None-Match`, and an `If-Unmodified-Since` that is not ignored
    /// (RFC 9110, section 13.1.4). `now` is called as in [`evaluate`](Self::evaluate).
    #[must_use]
    pub(crate) fn guards_writes(
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

    /// Returns `true` if one of the headers can make a safe request fail.
    pub(crate) fn can_fail(&self, method: &Method) -> bool {
        self.has(Field::Match)
            || self.has(Field::UnmodifiedSince)
            // Methods with a 304 get it for a false `If-None-Match`, and others a 412 (RFC 9110,
            // section 13.1.2).
            || (self.has(Field::NoneMatch) && !may_be_not_modified(method))
    }

    /// Returns `true` if the condition is `*` alone.
    pub(crate) fn is_any(&self, condition: Condition) -> bool {
        self.only(condition.into())
            .is_some_and(|line| trim_ows(line.as_bytes()) == b"*")
    }

    /// Returns `true` if the request has this condition.
    pub(crate) fn has_condition(&self, condition: Condition) -> bool {
        self.has(condition.into())
    }

    /// Returns the well-formed entity tags that the condition lists.
    pub(crate) fn tags(&self, condition: Condition) -> impl Iterator<Item = TagRef<'_>> {
        self.tags_of(condition.into())
    }

    pub(super) fn tags_of(&self, field: Field) -> impl Iterator<Item = TagRef<'_>> {
        // Most clients send one tag, which need not be parsed as a list.
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

    /// Returns `true` if `If-Match` is compared weakly: a tag matches all tags with the same
    /// opaque text.
    pub(crate) fn has_weak_if_match(&self) -> bool {
        self.weak_if_match
    }

    /// Returns a condition that is false in every state: the method is not safe, and the header has
    /// no well-formed member.
    ///
    /// A client with a malformed condition gets 412. Otherwise the write that the condition
    /// should prevent would be performed.
    pub(crate) fn malformed_guard(&self, method: &Method) -> Option<Condition> {
        if !is_write(method) {
            return None;
        }
        [Condition::IfMatch, Condition::IfNoneMatch]
            .into_iter()
            .find(|condition| self.is_malformed(*condition))
    }

    /// Returns `true` if the request has the condition, but neither as `*` nor with a tag.
    pub(crate) fn is_malformed(&self, condition: Condition) -> bool {
        let is_single = |line: &HeaderValue| {
            let line = trim_ows(line.as_bytes());
            line == b"*" || TagRef::parse(line).is_some()
        };
        condition != Condition::IfUnmodifiedSince
            && self.has_condition(condition)
            && !self.only(condition.into()).is_some_and(is_single)
            && self.tags(condition).next().is_none()
    }

    /// Returns `true` if `If-None-Match` has this strong tag only in its weak form. The
    /// client's representation then has a weak tag.
    pub(crate) fn names_only_weakly(&self, tag: TagRef<'_>) -> bool {
        let Some(line) = self.lines(Field::NoneMatch).next() else {
            return false;
        };
        if tag.is_weak() || tag.equals_bytes(line.as_bytes()) {
            return false;
        }
        let mut named = self
            .tags(Condition::IfNoneMatch)
            .filter(|named| named.weak_eq(tag));
        named
            .next()
            .is_some_and(|first| first.is_weak() && named.all(TagRef::is_weak))
    }

    pub(super) fn lines(&self, field: Field) -> impl Iterator<Item = &HeaderValue> {
        let lines = self.lines.as_slice().iter();
        let is_wanted = move |(of, _): &&(Field, L)| *of == field;
        lines.filter(is_wanted).map(|(_, line)| line.borrow())
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.lines(field).next().is_some()
    }

    /// Returns the conditional line of the request, if it is the only one.
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
