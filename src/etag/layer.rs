use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;

use super::{ContentHasher, Etag, Sha256, tag::EtagConfig};
use crate::semantics::{
    field::SafeMethods,
    validator::{WeakSecret, key, taggable},
};

/// Layer that gives responses an entity tag.
///
/// See the [module docs](crate::etag) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct EtagLayer<H = Sha256> {
    // Shared: a router may clone the layer and apply it for each request.
    config: Arc<EtagConfig<H>>,
}

impl EtagLayer {
    /// Strong tags from SHA-256, for `GET`, `HEAD` and `QUERY` responses with
    /// status 200 and at most 1 MiB of content.
    pub fn new() -> Self {
        Self {
            config: Arc::new(EtagConfig::new(Sha256::new())),
        }
    }
}

impl Default for EtagLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: Clone> EtagLayer<H> {
    /// Hashes with another function. The default is [`Sha256`].
    pub fn hasher<H2: ContentHasher>(self, hasher: H2) -> EtagLayer<H2> {
        EtagLayer {
            config: Arc::new(Arc::unwrap_or_clone(self.config).with_hasher(hasher)),
        }
    }

    /// Makes weak tags, `W/".."`.
    ///
    /// Needed where a layer further out changes the bytes, as compression
    /// does: a strong tag would then stand for two different byte sequences
    /// (RFC 9110, section 8.8.1), unless a
    /// [`CodingTagLayer`](crate::CodingTagLayer) tells them apart. Off by
    /// default.
    pub fn weak(mut self) -> Self {
        self.config_mut().weak = true;
        self
    }

    /// Sets the largest content that is buffered for hashing, in bytes. Defaults
    /// to 1 MiB. Longer content passes through untagged.
    ///
    /// The list of the content's frames takes at most as many bytes again. A
    /// body in more than `bytes / 32` frames, and in more than 64, passes through
    /// untagged from there on. Frames without data count.
    pub fn max_body_bytes(mut self, bytes: u64) -> Self {
        self.config_mut().max_body_bytes = bytes;
        self
    }

    /// Makes tags with HMAC-SHA-256 over the digest, so that a tag tells
    /// nothing about content to those who can guess it but do not have the
    /// secret. Replicas that share a resource must share it. None by default.
    ///
    /// # Errors
    ///
    /// Refuses a secret of fewer than 16 bytes, which could be guessed.
    pub fn keyed(mut self, secret: impl AsRef<[u8]>) -> Result<Self, WeakSecret> {
        self.config_mut().key = Some(key::key(secret.as_ref())?);
        Ok(self)
    }

    /// Mixes an identifier of the build or configuration into every tag, for
    /// responses whose meaning changes with it though their bytes do not.
    /// Every tag changes when it does. None by default.
    pub fn build_id(mut self, id: impl AsRef<[u8]>) -> Self {
        self.config_mut().set_build_id(id.as_ref());
        self
    }

    /// The response fields that are mixed into the tag, so that equal bytes
    /// with another meaning get another tag (RFC 9110, section 8.8.1).
    /// By default `Content-Type`, `Content-Language` and `Content-Encoding`.
    ///
    /// Keep the last where one [`ContentDigest`](super::ContentDigest) can
    /// stand for several codings: they must not share a strong tag.
    pub fn contributors(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.config_mut().contributors = names.into_iter().collect();
        self
    }

    /// Sets the methods whose responses are tagged. Defaults to `GET`, `HEAD`
    /// and `QUERY`.
    pub fn methods(mut self, methods: SafeMethods) -> Self {
        self.config_mut().methods = methods;
        self
    }

    /// Also tags responses with status 203. By default only those with 200 are tagged: the
    /// content of any other status is not the selected representation, and a hash of it
    /// would be no validator (RFC 9110, section 8.8).
    pub fn non_authoritative(mut self) -> Self {
        self.config_mut().statuses = &taggable::REPRESENTATION;
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every response that is
    /// looked at, which costs some allocations. Off by default.
    pub fn explain(mut self) -> Self {
        self.config_mut().explain = true;
        self
    }

    fn config_mut(&mut self) -> &mut EtagConfig<H> {
        Arc::make_mut(&mut self.config)
    }
}

impl<S, H> Layer<S> for EtagLayer<H> {
    type Service = Etag<S, H>;

    fn layer(&self, inner: S) -> Self::Service {
        Etag::new(inner, Arc::clone(&self.config))
    }
}
