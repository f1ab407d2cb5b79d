//! From content to tag: what is hashed, in which order.

use hmac::{Hmac, KeyInit, Mac};
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE},
};

use super::{ContentDigest, ContentHasher};
use crate::semantics::{etag::EntityTag, fields, method::SafeMethods};

/// Changes whenever the bytes below change their meaning, so that tags of two
/// formats are never taken for each other.
const FORMAT: u8 = 1;
const OF_CONTENT: u8 = 0;
const OF_DIGEST: u8 = 1;

/// How an [`EtagLayer`](super::EtagLayer) makes its tags.
#[derive(Debug, Clone)]
pub(super) struct Recipe<H> {
    pub(super) hasher: H,
    pub(super) weak: bool,
    pub(super) limit: u64,
    pub(super) methods: SafeMethods,
    pub(super) statuses: Vec<StatusCode>,
    pub(super) contributors: Vec<HeaderName>,
    pub(super) build_id: Vec<u8>,
    pub(super) key: Option<Hmac<sha2::Sha256>>,
    pub(super) explain: bool,
}

impl<H> Recipe<H> {
    pub(super) fn new(hasher: H) -> Self {
        Self {
            hasher,
            weak: false,
            limit: 1024 * 1024,
            methods: SafeMethods::default(),
            statuses: vec![StatusCode::OK],
            contributors: vec![CONTENT_TYPE, CONTENT_LANGUAGE, CONTENT_ENCODING],
            build_id: Vec::new(),
            key: None,
            explain: false,
        }
    }

    pub(super) fn with_hasher<H2>(self, hasher: H2) -> Recipe<H2> {
        Recipe {
            hasher,
            weak: self.weak,
            limit: self.limit,
            methods: self.methods,
            statuses: self.statuses,
            contributors: self.contributors,
            build_id: self.build_id,
            key: self.key,
            explain: self.explain,
        }
    }

    pub(super) fn set_key(&mut self, key: &[u8]) {
        self.key = Some(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"));
    }
}

impl<H: ContentHasher> Recipe<H> {
    /// A hasher that waits for the content.
    pub(super) fn start(&self, headers: &HeaderMap) -> H {
        self.hasher_in_context(OF_CONTENT, headers)
    }

    /// The tag of content with this digest.
    pub(super) fn tag(&self, mut digest: [u8; 16]) -> EntityTag {
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

    /// The tag of content whose digest the handler knows.
    pub(super) fn tag_of_known(&self, headers: &HeaderMap, known: &ContentDigest) -> EntityTag {
        let hasher = self.hasher_in_context(OF_DIGEST, headers);
        self.tag(hasher.finish_with(known.as_bytes()))
    }

    /// Everything but the content, each part behind its length, so that no two
    /// contexts give the same bytes.
    fn hasher_in_context(&self, of: u8, headers: &HeaderMap) -> H {
        let mut context = Gathered::default();
        context.push(&[FORMAT, of]);
        context.push_sized(&self.build_id);
        for name in &self.contributors {
            for value in fields::lines(headers, name) {
                context.push(&[1]);
                context.push_sized(value.as_bytes());
            }
            context.push(&[0]);
        }
        let mut hasher = self.hasher.clone();
        hasher.context(context.as_slice());
        hasher
    }
}

/// Bytes in one piece: on the stack, as long as they are few.
struct Gathered {
    few: [u8; 128],
    used: usize,
    many: Vec<u8>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            few: [0; 128],
            used: 0,
            many: Vec::new(),
        }
    }
}

impl Gathered {
    fn push(&mut self, bytes: &[u8]) {
        if self.many.is_empty() {
            if let Some(free) = self.few[self.used..].get_mut(..bytes.len()) {
                free.copy_from_slice(bytes);
                self.used += bytes.len();
                return;
            }
            self.many.extend_from_slice(&self.few[..self.used]);
        }
        self.many.extend_from_slice(bytes);
    }

    fn push_sized(&mut self, bytes: &[u8]) {
        self.push(&(bytes.len() as u64).to_le_bytes());
        self.push(bytes);
    }

    fn as_slice(&self) -> &[u8] {
        if self.many.is_empty() {
            &self.few[..self.used]
        } else {
            &self.many
        }
    }
}
