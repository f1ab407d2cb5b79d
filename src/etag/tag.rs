//! From content to tag: what is hashed, in which order.

use hmac::{Hmac, KeyInit, Mac};
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE},
};

use super::{ContentDigest, ContentHasher};
use crate::semantics::{etag::EntityTag, method::SafeMethods};

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
        let mut hasher = self.hasher.clone();
        self.absorb_context(&mut hasher, OF_CONTENT, headers);
        hasher
    }

    /// The tag of the content that `hasher` has seen.
    pub(super) fn finish(&self, hasher: H) -> EntityTag {
        let mut digest = hasher.finish();
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

    /// The tag of content whose digest is known.
    pub(super) fn of_digest(&self, headers: &HeaderMap, known: &ContentDigest) -> EntityTag {
        let mut hasher = self.hasher.clone();
        self.absorb_context(&mut hasher, OF_DIGEST, headers);
        hasher.update(known.as_bytes());
        self.finish(hasher)
    }

    /// Everything but the content, each part behind its length, so that no two
    /// contexts give the same bytes.
    fn absorb_context(&self, hasher: &mut H, of: u8, headers: &HeaderMap) {
        let mut context = Gather::new(hasher);
        context.push(&[FORMAT, of]);
        context.push_sized(&self.build_id);
        for name in &self.contributors {
            for value in headers.get_all(name) {
                context.push(&[1]);
                context.push_sized(value.as_bytes());
            }
            context.push(&[0]);
        }
        context.flush();
    }
}

/// Hands a hasher its small inputs in few calls.
struct Gather<'a, H> {
    hasher: &'a mut H,
    buffer: [u8; 128],
    used: usize,
}

impl<'a, H: ContentHasher> Gather<'a, H> {
    fn new(hasher: &'a mut H) -> Self {
        Self {
            hasher,
            buffer: [0; 128],
            used: 0,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.used + bytes.len() > self.buffer.len() {
            self.flush();
        }
        match self.buffer[self.used..].get_mut(..bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.used += bytes.len();
            }
            None => self.hasher.update(bytes),
        }
    }

    fn push_sized(&mut self, bytes: &[u8]) {
        self.push(&(bytes.len() as u64).to_le_bytes());
        self.push(bytes);
    }

    fn flush(&mut self) {
        if self.used > 0 {
            self.hasher.update(&self.buffer[..self.used]);
            self.used = 0;
        }
    }
}
