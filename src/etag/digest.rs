//! Digests of content that handlers already have.

use crate::semantics::validator::digest_fields::{DigestAlgorithm, NamedDigest};

/// A response extension with a digest of the content. The layer makes the tag from it in
/// constant time, without reading the body.
///
/// It must be a digest of the bytes that the response's body sends, after a content coding
/// if the handler applies one. It must change whenever they do. Use a collision-resistant
/// hash, or a revision that is never used again.
///
/// With [`sha256`](Self::sha256) or [`sha512`](Self::sha512), the algorithm has a name. Then
/// [`EtagLayer::repr_digest`](crate::EtagLayer::repr_digest) writes `Repr-Digest` from it, too.
///
/// ```
/// use http::Response;
/// use tower_conditional::etag::ContentDigest;
///
/// # let sha256_of_file = [0_u8; 32];
/// let mut response = Response::new("a file of 64 MiB, streamed");
/// response.extensions_mut().insert(ContentDigest::sha256(sha256_of_file));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ContentDigest {
    bytes: [u8; Self::MAX],
    length: usize,
    /// The algorithm, if it has a name.
    algorithm: Option<DigestAlgorithm>,
}

impl ContentDigest {
    const MIN: usize = 16;
    const MAX: usize = 64;

    /// Creates a digest of 16 to 64 bytes, whose algorithm has no name. Any other length does not
    /// compile, since fewer bits would collide by accident:
    ///
    /// ```compile_fail
    /// tower_conditional::etag::ContentDigest::new([0; 15]);
    /// ```
    ///
    /// ```compile_fail
    /// tower_conditional::etag::ContentDigest::new([0; 65]);
    /// ```
    #[must_use]
    pub fn new<const N: usize>(digest: [u8; N]) -> Self {
        const {
            assert!(
                Self::MIN <= N && N <= Self::MAX,
                "a digest has 16 to 64 bytes"
            );
        }
        let mut bytes = [0; Self::MAX];
        bytes[..N].copy_from_slice(&digest);
        Self {
            bytes,
            length: N,
            algorithm: None,
        }
    }

    /// Creates a digest from the SHA-256 of the bytes that the response's body sends. The tag is
    /// that of [`new`](Self::new) with the same bytes.
    ///
    /// With [`EtagLayer::repr_digest`](crate::EtagLayer::repr_digest), the response has it as
    /// `Repr-Digest` (RFC 9530, section 3), and clients verify the content with it. So it must be
    /// nothing but the SHA-256: no salt, and no headers.
    ///
    /// It is not written beside a `Content-Encoding` if neither the body's size hint is exact nor a
    /// `Content-Length` is there. Compression that comes after the handler has no length, and the
    /// digest is that of other bytes.
    #[must_use]
    pub fn sha256(digest: [u8; 32]) -> Self {
        Self {
            algorithm: Some(DigestAlgorithm::Sha256),
            ..Self::new(digest)
        }
    }

    /// Creates a digest from the SHA-512 of the bytes that the response's body sends, as
    /// [`sha256`](Self::sha256) does.
    #[must_use]
    pub fn sha512(digest: [u8; 64]) -> Self {
        Self {
            algorithm: Some(DigestAlgorithm::Sha512),
            ..Self::new(digest)
        }
    }

    /// Returns the digest with its algorithm, if that has a name.
    pub(super) fn named(&self) -> Option<NamedDigest> {
        let digest = self.as_bytes();
        match self.algorithm? {
            DigestAlgorithm::Sha256 => digest.try_into().ok().map(NamedDigest::Sha256),
            DigestAlgorithm::Sha512 => digest.try_into().ok().map(NamedDigest::Sha512),
        }
    }

    /// Returns the bytes of the digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
