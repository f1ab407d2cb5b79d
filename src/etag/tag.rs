//! The input of the hash, in its order, and the tag made from it.

use hmac::{Hmac, Mac};
use http::{
    Extensions, HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE},
};

use super::{
    ContentDigest, ContentHasher,
    context::{InlineBuffer, no_line},
};
use crate::{
    observe::exchange,
    outcome::{Outcome, TagOrigin},
    semantics::{
        field::{SafeMethods, lines},
        validator::EntityTag,
    },
};

/// The version of the format. It changes whenever the bytes below change their meaning, so tags
/// of two formats never match.
const FORMAT: u8 = 1;
const OF_CONTENT: u8 = 0;
const OF_DIGEST: u8 = 1;
// The highest bit, which no format will reach.
#[cfg(feature = "json")]
const OF_CANONICAL_FORM: u8 = 0x80;
#[cfg(feature = "json")]
const OF_OTHER_JSON: u8 = 0x81;

/// The configuration of an [`EtagLayer`](super::EtagLayer).
#[derive(Debug, Clone)]
pub(super) struct EtagConfig<H> {
    pub(super) hasher: H,
    pub(super) weak: bool,
    pub(super) max_body_bytes: u64,
    pub(super) methods: SafeMethods,
    pub(super) statuses: &'static [StatusCode],
    pub(super) contributors: Vec<HeaderName>,
    /// The identifier of the build, with its length.
    pub(super) build_id: Vec<u8>,
    pub(super) key: Option<Hmac<sha2::Sha256>>,
    /// Returns the SHA-256 of the content from the hash of the tag, if responses get a digest.
    pub(super) sha256_of_tag: Option<fn(&H) -> [u8; 32]>,
    #[cfg(feature = "json")]
    pub(super) canonical: Option<super::canonical_config::CanonicalConfig>,
    pub(super) explain: bool,
}

impl<H> EtagConfig<H> {
    pub(super) fn new(hasher: H) -> Self {
        Self {
            hasher,
            weak: false,
            max_body_bytes: 1024 * 1024,
            methods: SafeMethods::default(),
            statuses: &[StatusCode::OK],
            contributors: vec![CONTENT_TYPE, CONTENT_LANGUAGE, CONTENT_ENCODING],
            build_id: no_line(&[]),
            key: None,
            sha256_of_tag: None,
            #[cfg(feature = "json")]
            canonical: None,
            explain: false,
        }
    }

    pub(super) fn with_hasher<H2>(self, hasher: H2) -> EtagConfig<H2> {
        EtagConfig {
            hasher,
            weak: self.weak,
            max_body_bytes: self.max_body_bytes,
            methods: self.methods,
            statuses: self.statuses,
            contributors: self.contributors,
            build_id: self.build_id,
            key: self.key,
            sha256_of_tag: None,
            #[cfg(feature = "json")]
            canonical: self.canonical,
            explain: self.explain,
        }
    }

    pub(super) fn set_build_id(&mut self, id: &[u8]) {
        self.build_id = no_line(id);
    }

    /// Records the origin of a tag for an observer, and in the extensions if `explain` is set.
    #[inline]
    pub(super) fn record(&self, extensions: &mut Extensions, origin: TagOrigin) {
        exchange::record_decision(|outcome| outcome.set_tag(origin));
        if self.explain {
            Outcome::record(extensions, |outcome| outcome.set_tag(origin));
        }
    }
}

impl<H: ContentHasher> EtagConfig<H> {
    /// Returns the tag of the content that `hasher` has hashed.
    pub(super) fn tag_of_read(&self, headers: &HeaderMap, hasher: H) -> EntityTag {
        let context = self.context(OF_CONTENT, headers);
        self.tag(hasher.finish(context.as_slice()))
    }

    /// Returns the tag of content in one piece.
    #[inline]
    pub(super) fn tag_of(&self, headers: &HeaderMap, content: &[u8]) -> EntityTag {
        let context = self.context(OF_CONTENT, headers);
        self.tag(self.hasher.clone().digest(content, context.as_slice()))
    }

    /// Returns the tag of content whose digest the handler knows.
    pub(super) fn tag_of_known(&self, headers: &HeaderMap, known: &ContentDigest) -> EntityTag {
        let known = known.as_bytes();
        let context = self.context(OF_DIGEST, headers);
        self.tag(self.hasher.clone().digest(known, context.as_slice()))
    }

    /// Returns the weak tag of JSON whose form, or whose content without a form, `hasher` has
    /// hashed.
    #[cfg(feature = "json")]
    pub(super) fn tag_of_json(
        &self,
        headers: &HeaderMap,
        hasher: H,
        is_canonical: bool,
    ) -> EntityTag {
        let context = if let Some(canonical) = self.canonical.as_ref().filter(|_| is_canonical) {
            let mut context = self.context_without_kind(headers);
            context.push(canonical.ignored_part());
            context.push(&[FORMAT << 1 | OF_CANONICAL_FORM]);
            context
        } else {
            self.context(OF_OTHER_JSON, headers)
        };
        EntityTag::weak_from_digest(&self.keyed(hasher.finish(context.as_slice())))
    }

    #[inline]
    fn tag(&self, digest: [u8; 16]) -> EntityTag {
        let digest = self.keyed(digest);
        if self.weak {
            EntityTag::weak_from_digest(&digest)
        } else {
            EntityTag::from_digest(&digest)
        }
    }

    #[inline]
    fn keyed(&self, digest: [u8; 16]) -> [u8; 16] {
        let Some(key) = &self.key else { return digest };
        let code = key.clone().chain_update(digest).finalize().into_bytes();
        std::array::from_fn(|at| code[at])
    }

    /// Returns the input of the hash other than the content. It comes after the content, which
    /// then stays aligned: BLAKE3 is faster on aligned input.
    ///
    /// From its end, the input can be parsed in one way only: the kind, then each part behind
    /// its length, then the content.
    #[inline]
    fn context(&self, of: u8, headers: &HeaderMap) -> InlineBuffer {
        let mut context = self.context_without_kind(headers);
        context.push(&[FORMAT << 1 | of]);
        context
    }

    #[inline]
    fn context_without_kind(&self, headers: &HeaderMap) -> InlineBuffer {
        let mut context = InlineBuffer::default();
        context.push(&self.build_id);
        let number = |name| {
            (1..)
                .zip(&self.contributors)
                .find(|(_, other)| *other == name)
        };
        let mut lines = headers
            .iter()
            .filter_map(|(name, line)| Some((number(name)?.0, line)));
        match (lines.next(), lines.next()) {
            (None, _) => {}
            // The common case needs no search for each contributor.
            (Some((number, line)), None) => context.push_line(number, line.as_bytes()),
            // Several lines are sorted, since their order in the head may differ.
            (Some(_), Some(_)) => {
                for (number, name) in (1..).zip(&self.contributors) {
                    for line in lines::lines(headers, name) {
                        context.push_line(number, line.as_bytes());
                    }
                }
            }
        }
        context
    }
}
