use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;

use super::{ContentHasher, Etag, Sha256, tag::EtagConfig};
#[cfg(feature = "json")]
use super::{InvalidPointer, canonical_config::CanonicalConfig};
use crate::{
    semantics::{
        field::SafeMethods,
        validator::{WeakSecret, key, taggable},
    },
    setting::above_zero,
};

/// Layer that gives responses an entity tag.
///
/// See the [module docs](crate::etag) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct EtagLayer<H = Sha256> {
    // Shared, since a router may clone the layer and apply it once per request.
    config: Arc<EtagConfig<H>>,
}

impl EtagLayer {
    /// Creates a layer with strong tags from SHA-256. It tags `GET`, `HEAD` and `QUERY`
    /// responses with status 200 and at most 1 MiB of content.
    pub fn new() -> Self {
        Self {
            config: Arc::new(EtagConfig::new(Sha256::new())),
        }
    }
}

impl EtagLayer<Sha256> {
    /// Adds `Repr-Digest: sha-256=:..:` to responses (RFC 9530), so that clients verify that they
    /// have all bytes, also after they joined parts. Off by default.
    ///
    /// The digest is that of the content as this layer sees it, in its content coding. It costs
    /// little: the hash of the content is made for the tag anyway. These responses get one:
    ///
    /// - those that get a tag from their content;
    /// - those with a [`ContentDigest::sha256`](super::ContentDigest::sha256) or `sha512`, whose
    ///   bodies are not read. They may have a tag of the handler or of a source.
    ///
    /// All others get none, such as streams, parts and errors. A `Repr-Digest` of the handler stays
    /// as it is. A 206 that a layer further out cuts from the response keeps the digest of the
    /// whole, and a 304 has none.
    ///
    /// # The preferences of the client
    ///
    /// `Want-Repr-Digest: sha-512=1` gets the SHA-512, for which the content is hashed once more.
    /// SHA-512 takes about three times as long as SHA-256 with hardware support.
    /// `Want-Repr-Digest: sha-256=0` gets no digest. Deprecated algorithms, such as `md5`, are never
    /// used. A malformed header is ignored. Since the response depends on it, `Vary` names
    /// `Want-Repr-Digest`.
    ///
    /// # Layers that change the content
    ///
    /// A layer further out that changes the bytes has to drop the digest. Put a
    /// [`CodingTagLayer`](crate::CodingTagLayer) around compression: it drops the digest from what
    /// was coded. Without it, clients refuse compressed content.
    ///
    /// # Other settings
    ///
    /// [`keyed`](Self::keyed), `build_id` and `contributors` do not change the digest. So a client
    /// can verify a guess of the content by the digest of a `HEAD`, even if tags are keyed. With
    /// `canonical_json`, the digest is still that of the bytes, which are hashed once more.
    ///
    /// # Panics
    ///
    /// Panics if [`weak`](Self::weak) is set: it says that a layer further out changes the bytes.
    /// [`hasher`](Self::hasher) and `weak` panic after it.
    ///
    /// ```
    /// # async fn run() -> Result<(), tower::BoxError> {
    /// use std::convert::Infallible;
    ///
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::Full;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    /// use tower_conditional::{EtagLayer, stack};
    ///
    /// async fn handle(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    ///     Ok(Response::new(Full::from("hello")))
    /// }
    ///
    /// let service = ServiceBuilder::new()
    ///     .layer(stack().etag(EtagLayer::new().repr_digest()))
    ///     .service_fn(handle);
    /// let response = service.oneshot(Request::new(())).await?;
    /// let digest = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    /// assert_eq!(response.headers()["repr-digest"], digest);
    /// assert_eq!(response.headers()["vary"], "want-repr-digest");
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
    /// ```
    #[track_caller]
    pub fn repr_digest(mut self) -> Self {
        let config = self.config_mut();
        assert!(!config.weak, "{NO_DIGEST_OF_OTHER_BYTES}");
        config.sha256_of_tag = Some(Sha256::digest_so_far);
        self
    }
}

/// The message for `weak` beside `repr_digest`.
const NO_DIGEST_OF_OTHER_BYTES: &str = "`weak` says that a layer further out changes the bytes, whose digest is then another: leave `weak` or `repr_digest` out, and put CodingTagLayer around compression";

impl Default for EtagLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: Clone> EtagLayer<H> {
    /// Sets the hash function. Defaults to [`Sha256`].
    ///
    /// # Panics
    ///
    /// Panics after [`repr_digest`](EtagLayer::repr_digest), which needs SHA-256.
    #[track_caller]
    pub fn hasher<H2: ContentHasher>(self, hasher: H2) -> EtagLayer<H2> {
        assert!(
            self.config.sha256_of_tag.is_none(),
            "`repr_digest` needs SHA-256: leave `hasher` or `repr_digest` out"
        );
        EtagLayer {
            config: Arc::new(Arc::unwrap_or_clone(self.config).with_hasher(hasher)),
        }
    }

    /// Makes weak tags, `W/".."`. Off by default.
    ///
    /// Set it if a layer further out changes the bytes, as compression does. A strong tag would
    /// then identify two byte sequences (RFC 9110, section 8.8.1), unless a
    /// [`CodingTagLayer`](crate::CodingTagLayer) distinguishes them.
    ///
    /// # Panics
    ///
    /// Panics after [`repr_digest`](EtagLayer::repr_digest), whose digest would be wrong.
    #[track_caller]
    pub fn weak(mut self) -> Self {
        let config = self.config_mut();
        assert!(config.sha256_of_tag.is_none(), "{NO_DIGEST_OF_OTHER_BYTES}");
        config.weak = true;
        self
    }

    /// Sets the largest body that is buffered for hashing, in bytes. Defaults to 1 MiB.
    /// Longer content passes untagged.
    ///
    /// The list of the body's frames takes at most as many bytes again. A body passes untagged
    /// from the point where it has more than 64 frames and more than `bytes / 32` frames.
    /// Frames without data count, too.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no content would be hashed.
    #[track_caller]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        let remedy = "no content would be hashed; leave the layer out";
        let bytes = above_zero("number of bytes", bytes, remedy);
        self.config_mut().max_body_bytes = bytes as u64;
        self
    }

    /// Sets a secret for tags with HMAC-SHA-256 over the digest. Defaults to no secret.
    ///
    /// Only a client that knows the secret can use a tag to verify a guess of the content.
    /// Replicas that serve the same resource must have the same secret.
    ///
    /// # Errors
    ///
    /// Returns an error for a secret of fewer than 16 bytes, which could be guessed.
    pub fn keyed(mut self, secret: impl AsRef<[u8]>) -> Result<Self, WeakSecret> {
        self.config_mut().key = Some(key::hmac_key(secret.as_ref())?);
        Ok(self)
    }

    /// Sets an identifier of the build or configuration that is hashed into every tag. Defaults
    /// to none. Use it if the meaning of responses changes with the build but their bytes do
    /// not. All tags change with it.
    pub fn build_id(mut self, id: impl AsRef<[u8]>) -> Self {
        self.config_mut().set_build_id(id.as_ref());
        self
    }

    /// Sets the response headers that are hashed into the tag. Equal bytes with another meaning
    /// then get another tag (RFC 9110, section 8.8.1). Defaults to `Content-Type`,
    /// `Content-Language` and `Content-Encoding`.
    ///
    /// Keep `Content-Encoding` if one [`ContentDigest`](super::ContentDigest) is used for
    /// several codings: they must not share a strong tag.
    pub fn contributors(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.config_mut().contributors = names.into_iter().collect();
        self
    }

    /// Makes the tags of JSON from its canonical form (RFC 8785), as weak tags. Replicas, releases
    /// and hash maps that write the same object in another order then have one tag. Off by default:
    /// tags of JSON are made from its bytes.
    ///
    /// It holds for `application/json` and `application/*+json`, without `Content-Encoding`,
    /// up to [`max_body_bytes`](Self::max_body_bytes). The body goes out as it came. All else is
    /// tagged as before: other types, sequences such as `application/x-ndjson`, and responses with
    /// a [`ContentDigest`](super::ContentDigest).
    ///
    /// JSON without a canonical form has a weak tag from its bytes. Examples are two equal names in
    /// one object, an integer beyond ±(2⁵³−1), or more than 128 levels.
    ///
    /// Numbers count as 64-bit floating-point numbers: `1` and `1.0` are equal, and so are `0.1` and
    /// `0.10000000000000001`. A client whose decimals have more than 15 digits may keep an old one.
    /// Write such decimals as strings.
    ///
    /// A weak tag serves `If-None-Match`. It never satisfies `If-Match`: see
    /// [`weak_if_match`](crate::PreconditionLayer::weak_if_match). For strong tags, respond with
    /// [`CanonicalJson`](crate::handler::CanonicalJson).
    ///
    /// ```
    /// use tower_conditional::{EtagLayer, stack};
    ///
    /// let layer = stack().etag(EtagLayer::new().canonical_json());
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "json")]
    pub fn canonical_json(mut self) -> Self {
        // The order of the setters has no meaning: ignored members stay ignored.
        let canonical = &mut self.config_mut().canonical;
        canonical.get_or_insert_with(CanonicalConfig::complete);
        self
    }

    /// Makes tags as [`canonical_json`](Self::canonical_json) does, from a form without these
    /// members. A member that changes with each response, such as a time, then does not change the
    /// tag. Defaults to none. Implies `canonical_json`.
    ///
    /// It is a promise: a response that differs only in these members is an acceptable substitute
    /// (RFC 9110, section 8.8.1). A client that polls gets 304, and keeps the old values of these
    /// members. Never name a member that a client acts on.
    ///
    /// The pointers are JSON Pointers (RFC 6901). `*` is each element of an array. A pointer that
    /// matches nothing is no error: an [`AuditLayer`](crate::AuditLayer) outside reports it, once
    /// for each layer. Other pointers make other tags. A second call replaces the pointers of the
    /// first.
    ///
    /// # Errors
    ///
    /// Returns an error for a pointer that names no member, such as one without a leading slash.
    ///
    /// ```
    /// use tower_conditional::EtagLayer;
    ///
    /// let layer = EtagLayer::new().ignoring(["/generated_at", "/items/*/seen"])?;
    /// # let _ = layer;
    /// let error = EtagLayer::new().ignoring(["generated_at"]).unwrap_err();
    /// assert!(error.to_string().starts_with("invalid pointer \"generated_at\": "));
    /// # Ok::<_, tower_conditional::etag::InvalidPointer>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn ignoring<P: AsRef<str>>(
        mut self,
        pointers: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidPointer> {
        self.config_mut().canonical = Some(CanonicalConfig::without(pointers)?);
        Ok(self)
    }

    /// Sets the methods whose responses are tagged. Defaults to `GET`, `HEAD`
    /// and `QUERY`.
    pub fn methods(mut self, methods: SafeMethods) -> Self {
        self.config_mut().methods = methods;
        self
    }

    /// Tags responses with status 203, too. By default only those with 200 are tagged. The
    /// content of other responses is not the selected representation, so its hash is no
    /// validator (RFC 9110, section 8.8).
    pub fn non_authoritative(mut self) -> Self {
        self.config_mut().statuses = &taggable::REPRESENTATION;
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every response that is inspected, at the
    /// cost of some allocations. Off by default.
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
