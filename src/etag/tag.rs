//! The input of the hash, in its order, and the tag made from it.

use hmac::{Hmac, Mac};
use http::{
    Extensions, HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE},
};

use super::{ContentDigest, ContentHasher};
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
/// The number of a part that is no contributor's line. Contributors are numbered from 1.
const NO_LINE: u64 = 0;

/// The configuration of an [`EtagLayer`](super::EtagLayer).
#[derive(Debug, Clone)]
pub(super) struct EtagConfig<H> {
    pub(super) hasher: H,
    pub(super) weak: bool,
    pub(super) max_body_bytes: u64,
    pub(super) methods: SafeMethods,
    pub(super) statuses: &'static [StatusCode],
    pub(super) contributors: Vec<HeaderName>,
    /// The identifier of the build, as [`build_id`] encodes it.
    pub(super) build_id: Vec<u8>,
    pub(super) key: Option<Hmac<sha2::Sha256>>,
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
            build_id: build_id(&[]),
            key: None,
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
            explain: self.explain,
        }
    }

    pub(super) fn set_build_id(&mut self, id: &[u8]) {
        self.build_id = build_id(id);
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

    #[inline]
    fn tag(&self, mut digest: [u8; 16]) -> EntityTag {
        if let Some(key) = &self.key {
            let code = key.clone().chain_update(digest).finalize().into_bytes();
            digest = std::array::from_fn(|at| code[at]);
        }
        if self.weak {
            EntityTag::weak_from_digest(&digest)
        } else {
            EntityTag::from_digest(&digest)
        }
    }

    /// Returns the input of the hash other than the content. It comes after the content, which
    /// then stays aligned: BLAKE3 is faster on aligned input.
    ///
    /// From its end, the input can be parsed in one way only: the kind, then each part behind
    /// its length, then the content.
    #[inline]
    fn context(&self, of: u8, headers: &HeaderMap) -> InlineBuffer {
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
        context.push(&[FORMAT << 1 | of]);
        context
    }
}

/// Returns the start of every context: the identifier, and the number that marks it as no
/// header line.
fn build_id(id: &[u8]) -> Vec<u8> {
    [id, &length_and(id.len(), NO_LINE)].concat()
}

/// Returns the bytes after a part: its length, and in the upper bits the number of its
/// contributor. Eight bytes are enough. With more, a small response would often need one more
/// block of the hash.
fn length_and(length: usize, number: u64) -> [u8; 8] {
    (number << 48 | length as u64).to_le_bytes()
}

/// A buffer that uses the heap only if it has many bytes.
struct InlineBuffer {
    inline: [u8; 128],
    used: usize,
    /// All bytes, once `inline` is too small for them.
    heap: Vec<u8>,
}

impl Default for InlineBuffer {
    fn default() -> Self {
        Self {
            inline: [0; 128],
            used: 0,
            heap: Vec::new(),
        }
    }
}

impl InlineBuffer {
    /// Appends a line of the contributor with this number.
    #[inline]
    fn push_line(&mut self, number: u64, line: &[u8]) {
        self.push(line);
        self.push(&length_and(line.len(), number));
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        if self.heap.is_empty()
            && let Some(free) = self.inline[self.used..].get_mut(..bytes.len())
        {
            free.copy_from_slice(bytes);
            self.used += bytes.len();
        } else {
            self.push_to_heap(bytes);
        }
    }

    #[cold]
    fn push_to_heap(&mut self, bytes: &[u8]) {
        if self.heap.is_empty() {
            self.heap.extend_from_slice(&self.inline[..self.used]);
        }
        self.heap.extend_from_slice(bytes);
    }

    fn as_slice(&self) -> &[u8] {
        if self.heap.is_empty() {
            &self.inline[..self.used]
        } else {
            &self.heap
        }
    }
}
