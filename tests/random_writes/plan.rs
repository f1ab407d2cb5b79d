//! The parts of a stack, drawn from a seed.

use http::Method;
use tower_conditional::{EntityTag, VersionTags};

use crate::seeded::Draw;

/// The origin of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    Plain,
    Scoped,
    Keyed,
    /// An `EtagLayer`, so the tag is unknown before the content is made.
    Hash,
}

/// The precondition layer, by its source of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// No layer.
    None,
    /// A layer without a source.
    Unknown,
    Source,
    SelfGet,
    SourceAndSelfGet,
}

/// The way to make check and write one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The compare-and-set of the handler, with `Expected::versions_of`.
    Versions,
    /// The transaction of the handler, with `Expected::check`.
    Check,
    /// The lock of the layer.
    Lock,
}

/// The required condition of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requires {
    Nothing,
    Condition,
    /// A condition that names a state.
    Tag,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) tags: Tags,
    pub(crate) weak: bool,
    /// `true` if a weak tag can satisfy `If-Match`.
    pub(crate) weak_if_match: bool,
    pub(crate) guard: Guard,
    pub(crate) step: Step,
    pub(crate) requires: Requires,
    pub(crate) writers_may_read: bool,
    pub(crate) put_creates: bool,
    /// `true` if reads ask the source too.
    pub(crate) sourced_reads: bool,
    pub(crate) compresses: bool,
    pub(crate) has_policy: bool,
    /// The largest number of requests in the handler. 0 means no limit.
    pub(crate) limit: u64,
    /// `true` if the stack is below `Router::nest`.
    pub(crate) nested: bool,
    pub(crate) writers: u64,
    /// `true` if the tags of reads are remembered, inside of the precondition layer.
    pub(crate) remembers: bool,
}

impl Plan {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let tags = draw.pick(&[Tags::Plain, Tags::Scoped, Tags::Keyed, Tags::Hash]);
        let step = match (tags, draw.below(3)) {
            (Tags::Hash, _) | (_, 0) => Step::Lock,
            (Tags::Keyed, _) | (_, 1) => Step::Check,
            _ => Step::Versions,
        };
        let looking = [Guard::Source, Guard::SelfGet, Guard::SourceAndSelfGet];
        let any = [Guard::None, Guard::Unknown];
        let guard = match (tags, step) {
            (Tags::Hash, _) => Guard::SelfGet,
            // A lock does not check anything.
            (_, Step::Lock) => draw.pick(&looking),
            _ => draw.pick(&[&looking[..], &any].concat()),
        };
        let has_layer = guard != Guard::None;
        Self {
            tags,
            weak: draw.below(3) == 0,
            weak_if_match: has_layer && draw.coin(),
            guard,
            step,
            requires: match draw.below(4) {
                0 | 1 if has_layer => Requires::Condition,
                2 if has_layer => Requires::Tag,
                _ => Requires::Nothing,
            },
            writers_may_read: draw.below(4) > 0,
            put_creates: draw.below(4) > 0,
            sourced_reads: tags != Tags::Hash && draw.coin(),
            compresses: draw.coin(),
            has_policy: draw.coin(),
            limit: draw.below(4),
            nested: cfg!(feature = "axum") && draw.coin(),
            writers: 2 + draw.below(5),
            remembers: draw.coin(),
        }
    }

    pub(crate) fn creates(&self, method: &Method) -> bool {
        *method == Method::PUT && self.put_creates
    }

    /// Returns `true` if a layer learns the state before the handler runs.
    pub(crate) fn looks(&self) -> bool {
        !matches!(self.guard, Guard::None | Guard::Unknown)
    }

    pub(crate) fn version_tags(&self, path: &str) -> VersionTags {
        match self.tags {
            Tags::Plain | Tags::Hash => VersionTags::plain(),
            Tags::Scoped => VersionTags::plain().scope(path),
            Tags::Keyed => {
                let tags = VersionTags::keyed([7; 16]).expect("a secret that is long enough");
                tags.scope(path)
            }
        }
    }

    /// Returns the tag of a version, which differs from that of a hash.
    pub(crate) fn tag(&self, path: &str, version: i64) -> EntityTag {
        let tag = self.version_tags(path).number(version);
        if self.weak { tag.into_weak() } else { tag }
    }
}
