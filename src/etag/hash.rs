//! The hash functions that tags are made with.

use sha2::Digest as _;

/// A hash function, before its first byte.
///
/// The value that a layer is given is cloned for each response, so it may
/// carry a key or a seed. Bytes that arrive in other portions give the same
/// digest.
///
/// Whoever can choose the content of a resource and find two contents with
/// the same digest can make clients keep the wrong one, so a function that is
/// not collision-resistant belongs only where content is trusted.
pub trait ContentHasher: Clone + Send + Sync + 'static {
    /// After so many bytes without a pause the layer lets other tasks run.
    /// A default of 128 KiB is some 90 µs of SHA-256 with hardware support.
    const YIELD_AFTER: usize = 128 * 1024;

    /// Takes the next bytes.
    fn update(&mut self, bytes: &[u8]);

    /// The 128 bits that go into the tag.
    fn finish(self) -> [u8; 16];
}

/// SHA-256, cut to 128 bits. The default: no collisions are known, and
/// processors have instructions for it.
#[derive(Debug, Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// A fresh state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl ContentHasher for Sha256 {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self) -> [u8; 16] {
        first_half(&self.0.finalize().into())
    }
}

fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| digest[at])
}

/// BLAKE3, cut to 128 bits. Collision-resistant, and four times as fast as
/// SHA-256 from 16 KiB on.
#[cfg(feature = "blake3")]
#[derive(Debug, Clone, Default)]
pub struct Blake3(blake3::Hasher);

#[cfg(feature = "blake3")]
impl Blake3 {
    /// A fresh state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(feature = "blake3")]
impl ContentHasher for Blake3 {
    const YIELD_AFTER: usize = 512 * 1024;

    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self) -> [u8; 16] {
        first_half(self.0.finalize().as_bytes())
    }
}

/// XXH3 with 128 bits: as fast as memory, with SIMD found at run time, and
/// not collision-resistant. For content that no adversary writes.
#[cfg(feature = "xxh3")]
#[derive(Clone)]
pub struct Xxh3(twox_hash::xxhash3_128::RawHasher<&'static [u8; 192]>);

#[cfg(feature = "xxh3")]
impl Xxh3 {
    /// A fresh state.
    #[must_use]
    pub fn new() -> Self {
        Self(twox_hash::xxhash3_128::RawHasher::new(
            twox_hash::xxhash3_128::SecretBuffer::default(),
        ))
    }
}

#[cfg(feature = "xxh3")]
impl Default for Xxh3 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "xxh3")]
impl std::fmt::Debug for Xxh3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Xxh3").finish_non_exhaustive()
    }
}

#[cfg(feature = "xxh3")]
impl ContentHasher for Xxh3 {
    const YIELD_AFTER: usize = 4 * 1024 * 1024;

    fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(self) -> [u8; 16] {
        self.0.finish_128().to_be_bytes()
    }
}
