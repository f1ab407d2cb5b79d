use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, EXPIRES,
        IF_NONE_MATCH, LAST_MODIFIED,
    },
};

use super::{
    Exchange,
    exchange::coding,
    fingerprint::{RequestDifference, RequestFingerprint},
    nonce,
    parts::Stretch,
    sharing::Sharing,
};
use crate::semantics::{
    caching::cache_control::Directives,
    field::{lines, vary},
    validator::{EntityTag, TagMember, TagRef, entity_tags},
};

/// A 200 to a `GET` as it is remembered: of the content its hash and first
/// bytes, and no value of a request field.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) instance: Bytes,
    /// The time between two writes in which the head was made, if in one.
    epoch: Option<u64>,
    pub(super) tag: Option<EntityTag>,
    pub(super) modified: Option<HeaderValue>,
    pub(super) media_type: Option<HeaderValue>,
    pub(super) coding: Option<HeaderValue>,
    pub(super) language: Option<HeaderValue>,
    pub(super) vary: Vec<HeaderName>,
    pub(super) varies_on_all: bool,
    /// `None` without the field.
    pub(super) policy: Option<Directives>,
    pub(super) expires: Option<Expires>,
    pub(super) location: Option<HeaderValue>,
    pub(super) sharing: Sharing,
    /// Stands for the nonces in its `Content-Security-Policy`.
    pub(super) nonces: Option<u64>,
    request: RequestFingerprint,
    /// The lines of `If-None-Match`, until the body has ended.
    named: Vec<HeaderValue>,
    /// Known once the body has ended.
    pub(crate) content: Option<Content>,
    /// The first bytes of the content that a strong tag stands for.
    first: Bytes,
    /// Another answer had another tag since.
    is_outdated: bool,
}

/// The field by itself, and the seconds that it granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expires {
    pub(super) date: Option<HeaderValue>,
    pub(super) seconds: u64,
}

impl Expires {
    pub(super) fn of(exchange: &Exchange<'_>) -> Option<Self> {
        Some(Self {
            seconds: exchange.expires()?,
            date: lines::only(exchange.response, &EXPIRES).cloned(),
        })
    }

    /// Returns `true` for the same date, and for a date that moves with time.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.date == other.date || self.seconds.abs_diff(other.seconds) <= Exchange::SKEW
    }
}

/// What is remembered of a body that ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) digest: [u8; 16],
    pub(crate) length: u64,
    /// Equal for two contents between which, and during which, nobody wrote;
    /// `None` if somebody wrote while it was made.
    pub(crate) epoch: Option<u64>,
}

impl Sighting {
    pub(crate) fn of(exchange: &Exchange<'_>, instance: Bytes, epoch: Option<u64>) -> Self {
        let response = exchange.response;
        let field = |name| lines::first(response, name).cloned();
        let vary: Vec<_> = vary::names(response).collect();
        Self {
            instance,
            epoch,
            tag: exchange.tag().map(EntityTag::from),
            modified: lines::only(response, &LAST_MODIFIED).cloned(),
            media_type: field(&CONTENT_TYPE),
            coding: coding(response).cloned(),
            language: field(&CONTENT_LANGUAGE),
            varies_on_all: vary::is_any(response),
            policy: exchange
                .has(&CACHE_CONTROL)
                .then(|| exchange.policy.directives()),
            expires: Expires::of(exchange),
            location: field(&CONTENT_LOCATION),
            sharing: Sharing::of(exchange),
            nonces: nonce::fingerprint(response),
            request: RequestFingerprint::of(exchange.request, &vary),
            vary,
            named: lines::lines(exchange.request, &IF_NONE_MATCH)
                .cloned()
                .collect(),
            content: None,
            first: Bytes::new(),
            is_outdated: false,
        }
    }

    /// Takes in a body that has ended.
    pub(crate) fn take_content(&mut self, content: Content, first: Bytes) {
        self.content = Some(content);
        if self.tag().is_some_and(|tag| !tag.is_weak()) {
            self.first = first;
        }
    }

    /// Forgets what matters only until the body has ended.
    pub(crate) fn forget_request(&mut self) {
        self.named = Vec::new();
    }

    /// Whether `If-None-Match` named `tag`.
    pub(super) fn asked_with(&self, tag: TagRef<'_>) -> bool {
        entity_tags(&self.named)
            .any(|member| matches!(member, TagMember::Tag(named) if named.weak_eq(tag)))
    }

    pub(super) fn tag(&self) -> Option<TagRef<'_>> {
        self.tag.as_ref().map(EntityTag::as_ref)
    }

    /// The bytes that its strong tag stands for.
    pub(super) fn stretch(&self) -> Option<Stretch<'_>> {
        let tag = self.tag().filter(|tag| !tag.is_weak())?;
        let content = self.content?;
        Some(Stretch {
            tag,
            coding: self.coding.as_ref(),
            start: 0,
            length: content.length,
            complete: Some(content.length),
            digest: content.digest,
            first: &self.first,
        })
    }

    pub(super) fn names_in_vary(&self, name: &HeaderName) -> bool {
        self.varies_on_all || self.vary.contains(name)
    }

    /// Whether a cache may keep it at all.
    pub(super) fn is_kept(&self) -> bool {
        self.policy
            .is_none_or(|policy| !policy.no_store || policy.must_understand)
    }

    /// Whether content is said to be of the same kind.
    pub(super) fn is_described_as(&self, other: &Self) -> bool {
        self.coding == other.coding
            && self.media_type == other.media_type
            && self.language == other.language
    }

    /// Whether the head says so of its content too.
    pub(super) fn describes(&self, response: &HeaderMap) -> bool {
        self.coding.as_ref() == coding(response)
            && self.media_type.as_ref() == lines::first(response, &CONTENT_TYPE)
            && self.language.as_ref() == lines::first(response, &CONTENT_LANGUAGE)
    }

    pub(super) fn has_tag_of(&self, other: &Self) -> bool {
        let tags = self.tag().zip(other.tag());
        tags.is_some_and(|(one, other)| one.weak_eq(other))
    }

    /// What this varies on, and the other head does not.
    pub(super) fn lost_from_vary(&self, response: &HeaderMap) -> Option<&HeaderName> {
        let named = |name: &HeaderName| vary::names(response).any(|other| other == name);
        let lost = self.vary.iter().find(|name| !named(name));
        lost.filter(|_| !vary::is_any(response))
    }

    /// Whether nobody wrote between this and what was made in `epoch`.
    pub(crate) fn is_of_epoch(&self, epoch: Option<u64>) -> bool {
        epoch.is_some() && self.content.and_then(|content| content.epoch) == epoch
    }

    /// Returns `true` if nobody wrote between this head and an answer of `epoch`.
    pub(super) fn has_head_of_epoch(&self, epoch: Option<u64>) -> bool {
        epoch.is_some() && self.epoch == epoch
    }

    /// Returns `true` if nobody wrote from the one to the end of the other.
    pub(super) fn is_undisturbed(&self, other: &Self) -> bool {
        self.is_of_epoch(other.content.and_then(|content| content.epoch))
    }

    pub(super) fn difference(&self, other: &Self) -> RequestDifference {
        self.request.difference(&other.request)
    }

    /// Whether both sent the same value in a field that is always remembered,
    /// or none.
    pub(super) fn asked_alike(&self, other: &Self, name: &HeaderName) -> bool {
        self.request.agrees_on(&other.request, name)
    }

    /// Returns the field that tells their users apart, unless one of them had
    /// `Authorization`, which restricts caches by itself.
    pub(super) fn other_user<'a>(&'a self, other: &'a Self) -> Option<&'a HeaderName> {
        let authorized = self.asked_for(&AUTHORIZATION) || other.asked_for(&AUTHORIZATION);
        let only_user = self.difference(other) == RequestDifference::User;
        (only_user && !authorized)
            .then(|| self.request.other_user(&other.request))
            .flatten()
    }

    /// Returns `true` if the request had this field, which tells who asks.
    pub(super) fn asked_for(&self, name: &HeaderName) -> bool {
        self.request.sent(name)
    }

    /// Whether a request by the same user selects the same variant.
    pub(crate) fn is_selected_by(&self, request: &HeaderMap) -> bool {
        !self.varies_on_all && self.request.is_alike(request, &self.vary)
    }

    /// Takes in that an answer of the same instance to this request has this tag.
    pub(crate) fn compare_tag(&mut self, exchange: &Exchange<'_>) {
        let moved = self
            .tag()
            .zip(exchange.tag())
            .is_some_and(|(tag, other)| !tag.weak_eq(other));
        if moved && self.is_selected_by(exchange.request) {
            self.is_outdated = true;
        }
    }

    /// Returns `true` if no answer in this epoch has shown another tag.
    pub(crate) fn is_current(&self, epoch: u64) -> bool {
        !self.is_outdated && self.epoch == Some(epoch)
    }

    /// Whether this is what `other` was, to the last byte.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let tag = |sighting: &Self| {
            sighting
                .tag
                .as_ref()
                .map(|tag| tag.as_header_value().clone())
        };
        let digest = |sighting: &Self| sighting.content.map(|content| content.digest);
        digest(self).is_some()
            && digest(self) == digest(other)
            && self.instance == other.instance
            && tag(self) == tag(other)
            && self.modified == other.modified
            && self.is_described_as(other)
            && self.vary == other.vary
            && self.varies_on_all == other.varies_on_all
            && self.policy == other.policy
            // A date moves with time.
            && self.expires.is_some() == other.expires.is_some()
            && self.location == other.location
            && self.sharing == other.sharing
            && self.request == other.request
    }
}
