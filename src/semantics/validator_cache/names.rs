use std::fmt;

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
