use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, EXPIRES,
        IF_NONE_MATCH, LAST_MODIFIED,
    },
};

use super::{
    AuditedExchange, cors,
    exchange::coding,
    fingerprint::{RequestDifference, RequestFingerprint},
    nonce,
    parts::{TaggedBytes, repr_digest},
    sharing::Sharing,
};
use crate::semantics::{
    caching::cache_control::CacheControl,
    field::{lines, vary},
    validator::{EntityTag, TagMember, TagRef, entity_tags},
};

/// A 200 to a `GET`, with the hash and first bytes of its content, and hashes of request headers.
#[derive(Debug)]
pub(crate) struct ObservedResponse {
    pub(crate) instance: Bytes,
    /// The epoch in which the head was made, `None` during a write.
    epoch: Option<u64>,
    pub(super) tag: Option<EntityTag>,
    repr_digest: Option<HeaderValue>,
    pub(super) modified: Option<HeaderValue>,
    pub(super) media_type: Option<HeaderValue>,
    pub(super) coding: Option<HeaderValue>,
    pub(super) language: Option<HeaderValue>,
    pub(super) vary: Vec<HeaderName>,
    pub(super) varies_on_all: bool,
    /// The `Cache-Control`, `None` without the header.
    pub(super) policy: Option<CacheControl>,
    pub(super) expires: Option<ObservedExpires>,
    pub(super) location: Option<HeaderValue>,
    pub(super) sharing: Sharing,
    /// A hash of the origin whose scripts may read it.
    pub(crate) allowed_origin: Option<u64>,
    /// A hash of the nonces in its `Content-Security-Policy`.
    pub(super) nonces: Option<u64>,
    request: RequestFingerprint,
    /// The lines of `If-None-Match`, until the body has ended.
    if_none_match: Vec<HeaderValue>,
    /// The content, once the body has ended.
    pub(crate) content: Option<ObservedContent>,
    /// The first bytes of the content, if it has a strong tag or a digest.
    first_bytes: Bytes,
    /// `true` once another response had another tag.
    is_outdated: bool,
    /// `true` once a 404 or 410 showed that the representation was removed.
    pub(super) is_gone: bool,
}

/// The value of `Expires`, and the seconds that it granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObservedExpires {
    pub(super) date: Option<HeaderValue>,
    pub(super) seconds: u64,
}

impl ObservedExpires {
    pub(super) fn of(exchange: &AuditedExchange<'_>) -> Option<Self> {
        Some(Self {
            seconds: exchange.expires()?,
            date: lines::only(exchange.response, &EXPIRES).cloned(),
        })
    }

    /// Returns `true` if the dates are equal, or if both grant the same time.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.date == other.date || self.seconds.abs_diff(other.seconds) <= AuditedExchange::SKEW
    }
}

/// The hash and length of a body that ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ObservedContent {
    pub(crate) digest: [u8; 16],
    pub(crate) length: u64,
    /// Equal for two contents if nobody wrote between and during them. `None` if somebody wrote
    /// while the content was made.
    pub(crate) epoch: Option<u64>,
    /// The hash of the canonical form of JSON.
    #[cfg(feature = "json")]
    pub(crate) form: Option<[u8; 16]>,
}

impl ObservedResponse {
    pub(crate) fn of(exchange: &AuditedExchange<'_>, instance: Bytes, epoch: Option<u64>) -> Self {
        let response = exchange.response;
        let field = |name| lines::first(response, name).cloned();
        let vary: Vec<_> = vary::names(response).collect();
        Self {
            instance,
            epoch,
            tag: exchange.tag().map(EntityTag::from),
            repr_digest: repr_digest(response).cloned(),
            modified: lines::only(response, &LAST_MODIFIED).cloned(),
            media_type: field(&CONTENT_TYPE),
            coding: coding(response).cloned(),
            language: field(&CONTENT_LANGUAGE),
            varies_on_all: vary::is_any(response),
            policy: exchange
                .has(&CACHE_CONTROL)
                .then(|| exchange.policy.clone()),
            expires: ObservedExpires::of(exchange),
            location: field(&CONTENT_LOCATION),
            sharing: Sharing::of(exchange),
            allowed_origin: cors::allowed_origin(exchange),
            nonces: nonce::fingerprint(response),
            request: RequestFingerprint::of(exchange.request, &vary),
            vary,
            if_none_match: lines::lines(exchange.request, &IF_NONE_MATCH)
                .cloned()
                .collect(),
            content: None,
            first_bytes: Bytes::new(),
            is_outdated: false,
            is_gone: false,
        }
    }

    /// Sets the content once the body has ended.
    pub(crate) fn set_content(&mut self, content: ObservedContent, first_bytes: Bytes) {
        // Someone removed the representation while the content was read.
        let epoch = content.epoch.filter(|_| !self.is_gone);
        self.content = Some(ObservedContent { epoch, ..content });
        if self.strong_tag().is_some() || self.repr_digest.is_some() {
            self.first_bytes = first_bytes;
        }
    }

    /// Removes the values that are needed only until the body has ended.
    pub(crate) fn forget_request(&mut self) {
        self.if_none_match = Vec::new();
    }

    /// Returns `true` if the `If-None-Match` of its request named `tag`.
    pub(super) fn named_tag(&self, tag: TagRef<'_>) -> bool {
        entity_tags(&self.if_none_match)
            .any(|member| matches!(member, TagMember::Tag(named) if named.weak_eq(tag)))
    }

    pub(super) fn tag(&self) -> Option<TagRef<'_>> {
        self.tag.as_ref().map(EntityTag::as_ref)
    }

    fn strong_tag(&self) -> Option<TagRef<'_>> {
        self.tag().filter(|tag| !tag.is_weak())
    }

    /// Returns the bytes that its strong tag or its digest identifies.
    pub(super) fn tagged_bytes(&self) -> Option<TaggedBytes<'_>> {
        let tag = self.strong_tag();
        let repr_digest = self.repr_digest.as_ref();
        let content = self
            .content
            .filter(|_| tag.is_some() || repr_digest.is_some())?;
        Some(TaggedBytes {
            tag,
            repr_digest,
            coding: self.coding.as_ref(),
            start: 0,
            length: content.length,
            complete: Some(content.length),
            digest: content.digest,
            first_bytes: &self.first_bytes,
        })
    }

    pub(super) fn names_in_vary(&self, name: &HeaderName) -> bool {
        self.varies_on_all || self.vary.contains(name)
    }

    /// Returns `true` if a cache may store it.
    pub(super) fn is_storable(&self) -> bool {
        let policy = self.policy.as_ref();
        policy.is_none_or(|policy| !policy.is_no_store() || policy.is_must_understand())
    }

    /// Returns `true` if coding, media type and language of both are equal.
    pub(super) fn is_same_kind(&self, other: &Self) -> bool {
        self.coding == other.coding
            && self.media_type == other.media_type
            && self.language == other.language
    }

    /// Returns `true` if the head has the same coding, media type and language.
    pub(super) fn has_same_description(&self, response: &HeaderMap) -> bool {
        self.coding.as_ref() == coding(response)
            && self.media_type.as_ref() == lines::first(response, &CONTENT_TYPE)
            && self.language.as_ref() == lines::first(response, &CONTENT_LANGUAGE)
    }

    pub(super) fn has_tag_of(&self, other: &Self) -> bool {
        let tags = self.tag().zip(other.tag());
        tags.is_some_and(|(one, other)| one.weak_eq(other))
    }

    /// Returns the first header that its `Vary` names, and the other one does not.
    pub(super) fn missing_from_vary(&self, response: &HeaderMap) -> Option<&HeaderName> {
        let is_named = |name: &HeaderName| vary::names(response).any(|other| other == name);
        let missing = self.vary.iter().find(|name| !is_named(name));
        missing.filter(|_| !vary::is_any(response))
    }

    /// Returns `true` if nobody wrote between its content and `epoch`.
    pub(crate) fn is_of_epoch(&self, epoch: Option<u64>) -> bool {
        epoch.is_some() && self.content.and_then(|content| content.epoch) == epoch
    }

    /// Returns `true` if nobody wrote between its head and `epoch`.
    pub(super) fn has_head_of_epoch(&self, epoch: Option<u64>) -> bool {
        epoch.is_some() && self.epoch == epoch
    }

    /// Returns `true` if nobody wrote from one response to the end of the other.
    pub(super) fn is_same_epoch(&self, other: &Self) -> bool {
        self.is_of_epoch(other.content.and_then(|content| content.epoch))
    }

    pub(super) fn difference(&self, other: &Self) -> RequestDifference {
        self.request.difference(&other.request)
    }

    /// Returns `true` if both requests sent the same value of a header that is always recorded,
    /// or none.
    pub(super) fn has_same_request_header(&self, other: &Self, name: &HeaderName) -> bool {
        self.request.has_same_header(&other.request, name)
    }

    /// Returns the header that distinguishes the users of both requests. Returns `None` if one of
    /// them had `Authorization`, which restricts caches by itself.
    pub(super) fn differing_user_header<'a>(&'a self, other: &'a Self) -> Option<&'a HeaderName> {
        let authorized =
            self.has_request_header(&AUTHORIZATION) || other.has_request_header(&AUTHORIZATION);
        let only_user = self.difference(other) == RequestDifference::User;
        (only_user && !authorized)
            .then(|| self.request.differing_user_header(&other.request))
            .flatten()
    }

    /// Returns `true` if the request had this header, which identifies the user.
    pub(super) fn has_request_header(&self, name: &HeaderName) -> bool {
        self.request.has_header(name)
    }

    /// Returns `true` if the request selects the same variant for the same user.
    pub(crate) fn is_selected_by(&self, request: &HeaderMap) -> bool {
        !self.varies_on_all && self.request.selects_same_variant(request, &self.vary)
    }

    /// Marks it as removed if another response of this instance shows that (RFC 9110, sections
    /// 15.5.5 and 15.5.11). Somebody wrote, or time passed, so it belongs to no epoch any more.
    pub(crate) fn compare_absence(&mut self, request: &HeaderMap) {
        if self.is_selected_by(request) {
            self.is_gone = true;
            self.epoch = None;
            if let Some(content) = &mut self.content {
                content.epoch = None;
            }
        }
    }

    /// Returns `true` if it is the latest response to requests like that of `other`.
    pub(super) fn supersedes(&self, other: &Self) -> bool {
        self.instance == other.instance && self.difference(other) == RequestDifference::None
    }

    pub(super) fn has_weak_tag(&self) -> bool {
        self.tag().is_some_and(|tag| tag.is_weak())
    }

    /// Compares the tag of another response of this instance. If they differ, this one is outdated.
    pub(crate) fn compare_tag(&mut self, exchange: &AuditedExchange<'_>) {
        let is_other_tag = self
            .tag()
            .zip(exchange.tag())
            .is_some_and(|(tag, other)| !tag.weak_eq(other));
        if is_other_tag && self.is_selected_by(exchange.request) {
            self.is_outdated = true;
        }
    }

    /// Returns `true` if no response in this epoch has had another tag.
    pub(crate) fn is_current(&self, epoch: u64) -> bool {
        !self.is_outdated && self.epoch == Some(epoch)
    }

    /// Returns `true` if both have the same bytes, and the same headers as far as rules use them.
    pub(crate) fn is_duplicate_of(&self, other: &Self) -> bool {
        let tag = |response: &Self| {
            response
                .tag
                .as_ref()
                .map(|tag| tag.as_header_value().clone())
        };
        let digest = |response: &Self| response.content.map(|content| content.digest);
        digest(self).is_some()
            && digest(self) == digest(other)
            && self.instance == other.instance
            && tag(self) == tag(other)
            && self.repr_digest == other.repr_digest
            && self.modified == other.modified
            && self.is_same_kind(other)
            && self.vary == other.vary
            && self.varies_on_all == other.varies_on_all
            && self.policy == other.policy
            // The date itself may depend on the time of the response.
            && self.expires.is_some() == other.expires.is_some()
            && self.location == other.location
            && self.sharing == other.sharing
            && self.allowed_origin == other.allowed_origin
            && self.request == other.request
    }
}
