//! A digest that the handler already has.

use std::{error::Error, fmt};

/// A response extension: the handler knows a digest of its content, so the
/// tag is made from that in constant time and the body is not touched, however
/// long it is.
///
/// It must be a digest of the bytes that the response's body is about to send
/// (after a content coding, if the handler applied one), and change whenever
/// they do. Use a collision-resistant hash, or a revision that is never
/// reused.
///
/// ```
/// use http::Response;
/// use tower_conditional::etag::ContentDigest;
///
/// # let sha256_of_file = [0_u8; 32];
/// let mut response = Response::new("a file of 64 MiB, streamed");
/// response.extensions_mut().insert(ContentDigest::new(sha256_of_file)?);
/// # Ok::<_, tower_conditional::etag::InvalidDigest>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ContentDigest {
    bytes: [u8; Self::MAX],
    length: usize,
}

impl ContentDigest {
    const MIN: usize = 16;
    const MAX: usize = 64;

    /// A digest of 16 to 64 bytes.
    ///
    /// # Errors
    ///
    /// Refuses any other length: fewer bits would collide by accident.
    pub fn new(digest: impl AsRef<[u8]>) -> Result<Self, InvalidDigest> {
        let digest = digest.as_ref();
        if !(Self::MIN..=Self::MAX).contains(&digest.len()) {
            return Err(InvalidDigest(digest.len()));
        }
        let mut bytes = [0; Self::MAX];
        bytes[..digest.len()].copy_from_slice(digest);
        Ok(Self {
            bytes,
            length: digest.len(),
        })
    }

    /// The digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A digest that is too short or too long.
#[derive(Debug, Clone, Copy)]
pub struct InvalidDigest(usize);

impl fmt::Display for InvalidDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a digest has 16 to 64 bytes, not {}", self.0)
    }
}

impl Error for InvalidDigest {}
