//! The parts of a stack, drawn from a seed.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use http::{HeaderValue, header::ACCEPT_LANGUAGE};
use tower_conditional::{
    Current, EntityTag, Validators, VersionTags,
    cache_policy::{CacheControl, CachePolicy},
    validator::{HttpDate, RepeatedFields},
};

use crate::seeded::Draw;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    None,
    Sha256,
    Weak,
    Keyed,
}

/// The state that the source returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceState {
    Nothing,
    Strong,
    Weak,
    Date,
    Both,
}

/// The check of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    Unchecked,
    HandlerChecks,
    SelfGet,
    Source,
    SourceAndSelfGet,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) hash: Hash,
    pub(crate) source_state: SourceState,
    /// `true` if reads have the source in their own layer.
    pub(crate) sourced_reads: bool,
    pub(crate) head_as_get: bool,
    pub(crate) writes: Writes,
    pub(crate) requires: bool,
    /// The number of the policy around the rest. 0 is none.
    pub(crate) policy: u64,
    pub(crate) policy_varies: bool,
    /// `true` if the handler sets the tag of the source.
    pub(crate) own_tag: bool,
    pub(crate) own_date: bool,
    /// The headers of section 15.4.5 that the handler sets and the source states.
    own_fields: u64,
    pub(crate) streams: bool,
    pub(crate) compresses: bool,
    pub(crate) accepts_gzip: bool,
    /// `true` if the handler's own tags are remembered.
    #[cfg_attr(
        not(feature = "tokio"),
        expect(dead_code, reason = "the layer needs tokio")
    )]
    pub(crate) remembers: bool,
    pub(crate) ran: Arc<AtomicU64>,
}

impl Plan {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let hashes = [Hash::None, Hash::Sha256, Hash::Weak, Hash::Keyed];
        let source_state = [
            SourceState::Nothing,
            SourceState::Strong,
            SourceState::Weak,
            SourceState::Date,
            SourceState::Both,
        ];
        let writes = [
            Writes::Unchecked,
            Writes::HandlerChecks,
            Writes::SelfGet,
            Writes::Source,
            Writes::SourceAndSelfGet,
        ];
        let (hash, source_state, writes) = (
            draw.pick(&hashes),
            draw.pick(&source_state),
            draw.pick(&writes),
        );
        let known = source_state != SourceState::Nothing;
        let sourced_reads = draw.coin();
        // A handler that compares tags must also send them.
        let labels = writes == Writes::HandlerChecks && !sourced_reads;
        Self {
            hash,
            source_state,
            sourced_reads,
            head_as_get: draw.coin(),
            writes,
            requires: draw.coin(),
            policy: draw.below(5),
            policy_varies: draw.coin(),
            own_tag: known && (draw.coin() || labels),
            own_date: draw.coin(),
            own_fields: draw.below(16),
            streams: draw.below(4) == 0,
            compresses: draw.coin(),
            accepts_gzip: draw.coin(),
            remembers: draw.coin(),
            ran: Arc::default(),
        }
    }

    pub(crate) fn runs(&self) -> u64 {
        self.ran.load(Ordering::SeqCst)
    }

    fn tag(&self) -> Option<EntityTag> {
        let tag = VersionTags::plain().number(7);
        match self.source_state {
            SourceState::Strong | SourceState::Both => Some(tag),
            SourceState::Weak => Some(tag.into_weak()),
            SourceState::Nothing | SourceState::Date => None,
        }
    }

    fn date(&self) -> Option<HttpDate> {
        let dated = matches!(self.source_state, SourceState::Date | SourceState::Both);
        dated.then(|| HttpDate::from_unix_seconds(784_111_777))
    }

    /// Returns the answer of the source.
    pub(crate) fn current(&self) -> Current {
        if self.source_state == SourceState::Nothing {
            return Current::Unknown;
        }
        let mut validators = Validators::new().with_repeated(self.fields());
        validators.etag = self.tag();
        validators.last_modified = self.date();
        validators.into()
    }

    /// Returns the tags that the handler compares with, or none if it has no tags.
    pub(crate) fn compared(&self) -> Current {
        match self.tag() {
            Some(_) => self.current(),
            None => Current::Unknown,
        }
    }

    /// Returns the validators that the handler sets itself.
    pub(crate) fn own_validators(&self) -> Validators {
        let mut own = Validators::new();
        own.etag = self.tag().filter(|_| self.own_tag);
        own.last_modified = self.date().filter(|_| self.own_date);
        own
    }

    fn fields(&self) -> RepeatedFields {
        let mut fields = RepeatedFields::new();
        if self.own_fields & 1 > 0 {
            fields = fields.with_cache_control(&directives());
        }
        if self.own_fields & 2 > 0 {
            fields = fields.with_content_location(location());
        }
        if self.own_fields & 4 > 0 {
            fields = fields.with_expires(expires());
        }
        if self.own_fields & 8 > 0 {
            fields = fields.with_vary([ACCEPT_LANGUAGE]);
        }
        fields
    }

    /// Returns the headers that the handler sets, which are those that its source states.
    pub(crate) fn own_fields(&self) -> Vec<(&'static str, HeaderValue)> {
        let all = [
            (1, "cache-control", HeaderValue::from_static("max-age=600")),
            (2, "content-location", location()),
            (4, "expires", expires().into()),
            (8, "vary", HeaderValue::from_static("Accept-Language")),
        ];
        let own = all
            .into_iter()
            .filter(|(bit, ..)| self.own_fields & bit > 0);
        own.map(|(_, name, value)| (name, value)).collect()
    }

    pub(crate) fn cache_policy(&self) -> Option<CachePolicy> {
        let policy = match self.policy {
            0 => return None,
            1 => CachePolicy::no_cache(),
            2 => CachePolicy::read_mostly_json(),
            3 => CachePolicy::shared_and_public().override_handler(),
            _ => CachePolicy::resilient().yield_to_handler(),
        };
        Some(if self.policy_varies {
            policy.vary([http::header::ORIGIN])
        } else {
            policy
        })
    }

    /// Returns `true` if a condition is required and nothing can check it: no source, no `GET` and
    /// no handler.
    pub(crate) fn has_no_check(&self) -> bool {
        self.requires && self.writes == Writes::Source && self.source_state == SourceState::Nothing
    }

    /// Returns `true` if writes know no date although reads show one.
    pub(crate) fn ignores_dates(&self) -> bool {
        let by_source = matches!(self.writes, Writes::Source | Writes::SourceAndSelfGet);
        by_source && self.date().is_none()
    }
}

fn directives() -> CacheControl {
    "max-age=600".parse().expect("a directive")
}

fn location() -> HeaderValue {
    HeaderValue::from_static("/notes/1.en")
}

fn expires() -> HttpDate {
    HttpDate::from_unix_seconds(4_000_000_000)
}
