//! The hash functions of entity tags.

use sha2::Digest as _;

/// A hash function for content, in its initial state.
///
/// A layer clones its hasher for each response, so a hasher may carry a seed. The digest
/// must not depend on how the content is split into portions.
///
/// If a function is not collision-resistant, use it only for content that attackers cannot
/// influence. An attacker who finds two contents with the same digest can make clients keep
/// the wrong one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hash function for entity tags",
    label = "not a hash function for entity tags",
    note = "use `Sha256`, or `Blake3` or `Xxh3` of the features `blake3` and `xxh3`, or implement `ContentHasher` for a type of your own"
)]
pub trait ContentHasher: Clone + Send + Sync + 'static {
    /// The number of bytes that are hashed before the task yields to others. Defaults to 128
    /// KiB, for which SHA-256 takes some 90 µs with hardware support.
    const YIELD_AFTER: usize = 128 * 1024;

    /// Hashes the next bytes of content.
    fn update(&mut self, content: &[u8]);

    /// Returns the 128 bits of the tag. They depend on the content and on `context`.
    ///
    /// `context` has everything else that distinguishes two representations. It can be parsed
    /// from its end, so it may be hashed as if it were content.
    fn finish(self, context: &[u8]) -> [u8; 16];

    /// Returns the 128 bits for content in one piece. Some functions have a faster form for
    /// it. Defaults to [`update`](Self::update) and [`finish`](Self::finish).
    fn digest(mut self, content: &[u8], context: &[u8]) -> [u8; 16] {
        self.update(content);
        self.finish(context)
    }
}

/// SHA-256, truncated to 128 bits. The default: no collisions are known, and processors
/// have instructions for it.
#[derive(Debug, Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Creates a hasher in its initial state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the whole digest of the content so far.
    pub(super) fn digest_so_far(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

impl ContentHasher for Sha256 {
    fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    fn finish(self, context: &[u8]) -> [u8; 16] {
        first_half(&self.0.chain_update(context).finalize().into())
    }
}

fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| digest[at])
}

/// BLAKE3, truncated to 128 bits. It is collision-resistant, and four times as fast as
/// SHA-256 from 16 KiB on.
#[cfg(feature = "blake3")]
#[derive(Debug, Clone, Default)]
pub struct Blake3 {
    // Boxed: it is large, and content in one piece does not need it.
    stream: Option<Box<blake3::Hasher>>,
}

#[cfg(feature = "blake3")]
impl Blake3 {
    /// Creates a hasher in its initial state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(feature = "blake3")]
impl ContentHasher for Blake3 {
    const YIELD_AFTER: usize = 512 * 1024;

    fn update(&mut self, content: &[u8]) {
        self.stream.get_or_insert_default().update(content);
    }

    fn finish(self, context: &[u8]) -> [u8; 16] {
        let mut stream = self.stream.unwrap_or_default();
        first_half(stream.update(context).finalize().as_bytes())
    }

    fn digest(mut self, content: &[u8], context: &[u8]) -> [u8; 16] {
        if self.stream.is_some() {
            self.update(content);
            return self.finish(context);
        }
        let mut hasher = blake3::Hasher::new();
        first_half(hasher.update(content).update(context).finalize().as_bytes())
    }
}

/// XXH3 with 128 bits. It hashes as fast as memory is read, with SIMD instructions found at
/// run time. It is not collision-resistant: use it for content that attackers cannot
/// influence.
#[cfg(feature = "xxh3")]
#[derive(Clone, Default)]
pub struct Xxh3 {
    // Boxed: it is large, and content in one piece does not need it.
    stream: Option<Box<xxh3::Stream>>,
}

#[cfg(feature = "xxh3")]
impl Xxh3 {
    /// Creates a hasher in its initial state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(feature = "xxh3")]
impl std::fmt::Debug for Xxh3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Xxh3").finish_non_exhaustive()
    }
}

#[cfg(feature = "xxh3")]
mod xxh3 {
    use twox_hash::xxhash3_128::{Hasher, RawHasher, SecretBuffer};

    use super::{ContentHasher, Xxh3};

    pub(super) type Stream = RawHasher<&'static [u8; 192]>;

    impl ContentHasher for Xxh3 {
        const YIELD_AFTER: usize = 4 * 1024 * 1024;

        fn update(&mut self, content: &[u8]) {
            self.stream
                .get_or_insert_with(|| Box::new(RawHasher::new(SecretBuffer::default())))
                .write(content);
        }

        fn finish(self, context: &[u8]) -> [u8; 16] {
            match self.stream {
                Some(stream) => join(stream.finish_128(), context),
                None => self.digest(&[], context),
            }
        }

        fn digest(mut self, content: &[u8], context: &[u8]) -> [u8; 16] {
            if self.stream.is_some() {
                self.update(content);
                return self.finish(context);
            }
            join(Hasher::oneshot(content), context)
        }
    }

    /// Combines two digests by XOR. The content seeds the digest of the context, so all bits
    /// of both count.
    fn join(content: u128, context: &[u8]) -> [u8; 16] {
        let seed = content as u64;
        (content ^ Hasher::oneshot_with_seed(seed, context)).to_be_bytes()
    }
}
