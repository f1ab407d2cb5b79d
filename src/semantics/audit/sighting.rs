use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL,
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, EXPIRES,
        IF_NONE_MATCH, LAST_MODIFIED,
    },
};

use super::Exchange;
use crate::semantics::{
    cache_control::Known,
    etag::{EntityTag, TagRef},
    fields,
    list::{TagMember, entity_tags},
    vary,
};

/// What is remembered of a 200 to a `GET`: no content, and no value of a
/// request field.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) instance: Bytes,
    pub(super) tag: Option<EntityTag>,
    pub(super) modified: Option<HeaderValue>,
    pub(super) media_type: Option<HeaderValue>,
    pub(super) coding: Option<HeaderValue>,
    pub(super) language: Option<HeaderValue>,
    pub(super) vary: Vec<HeaderName>,
    pub(super) varies_on_all: bool,
    /// `None` without the field.
    pub(super) policy: Option<Known>,
    pub(super) expires: bool,
    pub(super) located: bool,
    asked: Vec<(HeaderName, u64)>,
    /// The lines of `If-None-Match`, until the body has ended.
    named: Vec<HeaderValue>,
    /// Known once the body has ended.
    pub(crate) content: Option<Content>,
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

/// How the requests of two sightings differ, as far as was remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Same,
    /// In nothing but what a client accepts.
    OtherAccept,
    Other,
}

const ACCEPTS: [HeaderName; 4] = [ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE];
const USERS: [HeaderName; 2] = [AUTHORIZATION, COOKIE];

impl Sighting {
    pub(crate) fn of(exchange: &Exchange<'_>, instance: Bytes) -> Self {
        let response = exchange.response;
        let field = |name| fields::first(response, name).cloned();
        let vary: Vec<_> = vary::names(response).collect();
        let mut names: Vec<_> = ACCEPTS.into_iter().chain(USERS).collect();
        names.extend(vary.iter().cloned());
        Self {
            instance,
            tag: exchange.tag().map(EntityTag::from),
            modified: fields::only(response, &LAST_MODIFIED).cloned(),
            media_type: field(&CONTENT_TYPE),
            coding: coding(response).cloned(),
            language: field(&CONTENT_LANGUAGE),
            varies_on_all: vary::is_any(response),
            vary,
            policy: exchange
                .has(&CACHE_CONTROL)
                .then(|| exchange.policy.known()),
            expires: exchange.has(&EXPIRES),
            located: exchange.has(&CONTENT_LOCATION),
            asked: names
                .into_iter()
                .map(|name| {
                    let value = print(exchange.request, &name);
                    (name, value)
                })
                .collect(),
            named: fields::lines(exchange.request, &IF_NONE_MATCH)
                .cloned()
                .collect(),
            content: None,
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
            && self.media_type.as_ref() == fields::first(response, &CONTENT_TYPE)
            && self.language.as_ref() == fields::first(response, &CONTENT_LANGUAGE)
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

    pub(super) fn asked_as(&self, other: &Self) -> Asked {
        let mut asked = Asked::Same;
        for name in self.asked.iter().chain(&other.asked).map(|(name, _)| name) {
            if self.asked_for(name) == other.asked_for(name) {
                continue;
            }
            if !ACCEPTS.contains(name) {
                return Asked::Other;
            }
            asked = Asked::OtherAccept;
        }
        asked
    }

    /// Whether both sent the same value in a field that is always remembered,
    /// or none.
    pub(super) fn asked_alike(&self, other: &Self, name: &HeaderName) -> bool {
        self.asked_for(name) == other.asked_for(name)
    }

    /// Whether a request by the same user selects the same variant.
    pub(super) fn is_selected_by(&self, request: &HeaderMap) -> bool {
        !self.varies_on_all
            && self.asked.iter().all(|(name, value)| {
                let matters = USERS.contains(name) || self.vary.contains(name);
                !matters || print(request, name) == *value
            })
    }

    fn asked_for(&self, name: &HeaderName) -> Option<u64> {
        let mut asked = self.asked.iter();
        asked
            .find(|(other, _)| other == name)
            .map(|(_, value)| *value)
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
            && self.expires == other.expires
            && self.located == other.located
            && self.asked == other.asked
    }
}

/// `Content-Encoding`, unless that says nothing.
fn coding(response: &HeaderMap) -> Option<&HeaderValue> {
    let coding = fields::first(response, &CONTENT_ENCODING);
    coding.filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Stands for the lines of a request field: its values are secrets at times.
fn print(request: &HeaderMap, name: &HeaderName) -> u64 {
    let mut hasher = DefaultHasher::new();
    for line in fields::lines(request, name) {
        line.as_bytes().hash(&mut hasher);
    }
    hasher.finish()
}
