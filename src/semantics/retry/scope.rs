use std::fmt;

use sha2::{Digest, Sha256};

use super::IdempotencyKey;

/// The part of a key that the server adds: whose key it is, and for which service.
///
/// Two principals that choose the same key have two records, and so have two services that
/// are nested under different paths.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyScope {
    principal: Option<Box<str>>,
    mount: Box<str>,
}

impl KeyScope {
    /// Returns the scope of one principal: a user, a tenant, an API key's identifier.
    #[must_use]
    pub fn of_principal(principal: impl Into<String>) -> Self {
        Self {
            principal: Some(principal.into().into()),
            mount: Box::default(),
        }
    }

    /// Returns the scope that all callers share.
    #[must_use]
    pub fn of_anyone() -> Self {
        Self {
            principal: None,
            mount: Box::default(),
        }
    }

    /// Sets the path under which the service is mounted, as `axum`'s `Router::nest` has it.
    /// Defaults to none.
    #[must_use]
    pub fn mounted_at(self, path: &str) -> Self {
        let mount = path.into();
        Self { mount, ..self }
    }

    /// Returns the principal. `None` for the scope of all callers.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }
}

impl fmt::Debug for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyScope")
            .field("mount", &self.mount)
            .finish_non_exhaustive()
    }
}

/// The name of a record in a store: a SHA-256 of scope and key, so that neither is at rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 32]);

impl RecordId {
    /// Returns the name of the record of a key.
    #[must_use]
    pub fn new(scope: &KeyScope, key: &IdempotencyKey) -> Self {
        let mut hash = Sha256::new();
        // The version changes whenever the parts do, so that no old record is misread.
        hash.update(b"tower-conditional idempotency record 1\0");
        // A flag tells no principal from one with an empty name.
        hash.update([u8::from(scope.principal.is_some())]);
        let principal = scope.principal.as_deref().unwrap_or_default();
        for part in [principal, &scope.mount, key.as_str()] {
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

impl From<[u8; 32]> for RecordId {
    /// Converts the bytes that [`as_bytes`](Self::as_bytes) gave.
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordId(")?;
        for byte in &self.0[..8] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("..)")
    }
}
