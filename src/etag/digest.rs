//! Digests of content that handlers already have.

/// A response extension with a digest of the content. The layer makes the tag from it in
/// constant time, without reading the body.
///
/// It must be a digest of the bytes that the response's body sends, after a content coding
/// if the handler applies one. It must change whenever they do. Use a collision-resistant
/// hash, or a revision that is never used again.
///
/// ```
/// use http::Response;
/// use tower_conditional::etag::ContentDigest;
///
/// # let sha256_of_file = [0_u8; 32];
/// let mut response = Response::new("a file of 64 MiB, streamed");
/// response.extensions_mut().insert(ContentDigest::new(sha256_of_file));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ContentDigest {
    bytes: [u8; Self::MAX],
    length: usize,
}

impl ContentDigest {
    const MIN: usize = 16;
    const MAX: usize = 64;

    /// Creates a digest of 16 to 64 bytes. Any other length does not compile, since fewer
    /// bits would collide by accident:
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
        Self { bytes, length: N }
    }

    /// Returns the bytes of the digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
