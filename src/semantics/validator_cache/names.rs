use std::fmt;

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use crate::semantics::caching::cache_tags::CacheTag;

/// The name of a remembered response: a digest of everything that selects it.
///
/// Two requests with one key get one 304. So the digest covers the authority, the path, the
/// query and whatever else the response depends on.
///
/// A store may use its first bytes as a hash. So they are those of SHA-256, or of a keyed hash
/// that no client can predict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValidatorKey([u8; 32]);

/// The name of a group of responses that one write may change: a digest of a cache tag or of a
/// location.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheScope([u8; 32]);

/// The name of one read or write: 128 random bits.
///
/// A store compares it, so that a call that is delivered twice counts once, and a late one
/// counts for nobody else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId([u8; 16]);

impl ValidatorKey {
    /// Returns the bytes, for a store's column or key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl CacheScope {
    /// Returns the scope of all responses that have this tag.
    pub(crate) fn of_tag(namespace: &str, tag: &CacheTag) -> Self {
        Self::digest(b"tag", namespace, tag.as_str().as_bytes())
    }

    /// Returns the scope of all responses whose path is a spelling of this one.
    ///
    /// The scope is coarser than a key on purpose. A write through one spelling of a path changes
    /// the state that another spelling shows. So escapes are decoded, the case of ASCII letters is
    /// ignored, and so are repeated slashes and one at the end. The authority and the query are
    /// left out: a write to `/notes/1?notify=1` of one host changes `/notes/1` of another. If two
    /// resources share a scope, that costs hits. If one resource had two, it would cost
    /// correctness.
    ///
    /// Dot segments stay, since a router takes them as they are.
    pub(crate) fn of_path(namespace: &str, path: &str) -> Self {
        let mut spelling = Vec::with_capacity(path.len());
        for byte in percent_decode_str(path) {
            if byte != b'/' || spelling.last() != Some(&b'/') {
                spelling.push(byte.to_ascii_lowercase());
            }
        }
        let spelling = spelling.strip_suffix(b"/").unwrap_or(&spelling);
        Self::digest(b"path", namespace, spelling)
    }

    /// Returns the scope of all responses without a tag.
    pub(crate) fn untagged(namespace: &str) -> Self {
        Self::digest(b"untagged", namespace, b"")
    }

    fn digest(kind: &[u8], namespace: &str, name: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tower-conditional cache scope 1\0");
        // Each part has its length before it, so that no byte moves from one to the next.
        for part in [kind, namespace.as_bytes(), name] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Returns the bytes, for a store's column or key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl OperationId {
    /// Returns the bytes, for a store's column.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 32]> for ValidatorKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<[u8; 32]> for CacheScope {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<[u8; 16]> for OperationId {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for ValidatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shorten(f, "ValidatorKey", &self.0)
    }
}

impl fmt::Debug for CacheScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shorten(f, "CacheScope", &self.0)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shorten(f, "OperationId", &self.0)
    }
}

fn shorten(f: &mut fmt::Formatter<'_>, name: &str, bytes: &[u8]) -> fmt::Result {
    write!(f, "{name}(")?;
    for byte in &bytes[..8] {
        write!(f, "{byte:02x}")?;
    }
    f.write_str("..)")
}
