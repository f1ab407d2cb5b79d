//! `Repr-Digest` beside the tag (RFC 9530, section 3).

use http::{
    HeaderMap, HeaderValue, Response,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, VARY},
};
use http_body::Body;
use sha2::Digest as _;

use super::{ContentDigest, ContentHasher, tag::EtagConfig};
use crate::semantics::{
    field::{lines, vary},
    validator::digest_fields::{
        DigestAlgorithm, DigestPreference, NamedDigest, REPR_DIGEST, WANT_REPR_DIGEST,
    },
};

/// The digest of one response, while its content is read.
pub(super) enum ReprDigest<H> {
    /// The client refuses the algorithms.
    Refused,
    /// The hash of the tag is that of the content, until its other input is added.
    OfTag(fn(&H) -> [u8; 32]),
    /// A further hash of the content. Boxed, since few responses need it.
    Own(Box<OwnHash>),
}

/// A hash of the content, and of nothing else.
pub(super) enum OwnHash {
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl OwnHash {
    fn new(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            DigestAlgorithm::Sha512 => Self::Sha512(sha2::Sha512::new()),
        }
    }

    fn update(&mut self, content: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(content),
            Self::Sha512(hash) => hash.update(content),
        }
    }

    fn finish(self) -> NamedDigest {
        match self {
            Self::Sha256(hash) => NamedDigest::Sha256(hash.finalize().into()),
            Self::Sha512(hash) => NamedDigest::Sha512(hash.finalize().into()),
        }
    }
}

impl<H: ContentHasher> ReprDigest<H> {
    /// Returns the number of bytes that are hashed before the task yields to others.
    pub(super) fn yield_after(digest: Option<&Self>) -> usize {
        match digest {
            Some(Self::Own(_)) => Self::share_of(H::YIELD_AFTER),
            Some(Self::Refused | Self::OfTag(_)) | None => H::YIELD_AFTER,
        }
    }

    /// Returns the number of bytes that both hashes take about as long for as SHA-256 takes for
    /// `bytes`. SHA-512 takes up to three times as long as SHA-256 with hardware support.
    pub(super) fn share_of(bytes: usize) -> usize {
        bytes.div_ceil(4)
    }

    /// Returns `true` if the content has to be hashed for the digest alone.
    #[cfg(feature = "json")]
    pub(super) fn has_own_hash(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// Hashes the next bytes of content, which the hash of the tag gets too.
    pub(super) fn update(&mut self, content: &[u8]) {
        if let Self::Own(hash) = self {
            hash.update(content);
        }
    }

    /// Returns the digest of the content. `tag` is the hash of the tag at the end of the content.
    pub(super) fn finish(self, tag: &H) -> Option<NamedDigest> {
        match self {
            Self::Refused => None,
            Self::OfTag(sha256) => Some(NamedDigest::Sha256(sha256(tag))),
            Self::Own(hash) => Some(hash.finish()),
        }
    }
}

impl<H: ContentHasher> EtagConfig<H> {
    /// Returns the digest of a response whose tag is made from its content. `None` if the layer
    /// makes none, or if the handler did.
    #[inline]
    pub(super) fn begin_digest(
        &self,
        headers: &HeaderMap,
        wanted: Option<DigestPreference>,
    ) -> Option<ReprDigest<H>> {
        begin(headers, wanted?, self.sha256_of_tag)
    }

    /// Writes the tag of content in one piece, and its digest.
    #[inline]
    pub(super) fn label_content(
        &self,
        headers: &mut HeaderMap,
        content: &[u8],
        digest: Option<ReprDigest<H>>,
    ) {
        let Some(mut digest) = digest else {
            let tag = self.tag_of(headers, content);
            headers.insert(ETAG, tag.into());
            return;
        };
        let mut hasher = self.hasher.clone();
        hasher.update(content);
        digest.update(content);
        self.label_hashed(headers, hasher, Some(digest));
    }

    /// Writes the tag of content that `hasher` has hashed, and its digest.
    pub(super) fn label_hashed(
        &self,
        headers: &mut HeaderMap,
        hasher: H,
        digest: Option<ReprDigest<H>>,
    ) {
        let digest = digest.map(|digest| digest.finish(&hasher));
        let tag = self.tag_of_read(headers, hasher);
        headers.insert(ETAG, tag.into());
        if let Some(digest) = digest {
            write_digest(headers, digest);
        }
    }
}

/// Returns the digest of a response whose tag is made from something else than its bytes.
#[cfg(feature = "json")]
pub(super) fn begin_own_digest<H>(
    headers: &HeaderMap,
    wanted: Option<DigestPreference>,
) -> Option<ReprDigest<H>> {
    begin(headers, wanted?, None)
}

/// Returns the digest of a response, unless it has one already.
// Not inlined, to keep the path without digests small.
#[inline(never)]
fn begin<H>(
    headers: &HeaderMap,
    wanted: DigestPreference,
    sha256_of_tag: Option<fn(&H) -> [u8; 32]>,
) -> Option<ReprDigest<H>> {
    if lines::has(headers, &REPR_DIGEST) {
        return None;
    }
    Some(match (wanted.best(), sha256_of_tag) {
        (None, _) => ReprDigest::Refused,
        (Some(DigestAlgorithm::Sha256), Some(sha256)) => ReprDigest::OfTag(sha256),
        (Some(algorithm), _) => ReprDigest::Own(Box::new(OwnHash::new(algorithm))),
    })
}

/// Writes the digest that the handler knows, unless it has written one itself.
#[cold]
pub(super) fn write_known_digest<B>(response: &mut Response<B>, wanted: DigestPreference)
where
    B: Body,
{
    let known = response.extensions().get::<ContentDigest>();
    let Some(digest) = known.and_then(ContentDigest::named) else {
        return;
    };
    let headers = response.headers();
    // The digest is that of the content, and the content of a part is not the representation.
    if lines::has(headers, &REPR_DIGEST) || lines::has(headers, &CONTENT_RANGE) {
        return;
    }
    // Compression between the handler and this layer makes the length unknown, and the digest is
    // that of other bytes.
    let knows_length =
        lines::has(headers, &CONTENT_LENGTH) || response.body().size_hint().exact().is_some();
    if lines::has(headers, &CONTENT_ENCODING) && !knows_length {
        return;
    }
    let headers = response.headers_mut();
    let is_accepted = wanted.accepts(digest.algorithm());
    write_digest(headers, is_accepted.then_some(digest));
}

/// Writes the digest, and the request header that it depends on. That one is also written without
/// a digest, since another client would get one.
pub(super) fn write_digest(headers: &mut HeaderMap, digest: Option<NamedDigest>) {
    if let Some(digest) = digest {
        headers.insert(REPR_DIGEST, digest.to_value());
    }
    if lines::has(headers, &VARY) {
        vary::merge(headers, [WANT_REPR_DIGEST]);
    } else {
        // Without a `Vary`, no list has to be written.
        headers.insert(VARY, HeaderValue::from_static("want-repr-digest"));
    }
}
