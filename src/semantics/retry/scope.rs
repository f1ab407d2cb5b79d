use std::{borrow::Cow, error::Error, fmt, str::FromStr};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use super::IdempotencyKey;

/// The part of a key that the server adds: whose key it is, and for which service.
///
/// Two principals that choose the same key have two records. So have two services with
/// namespaces of their own, and two that are nested under different paths.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyScope {
    namespace: Box<str>,
    principal: Option<Box<str>>,
    mount: Box<str>,
}

impl KeyScope {
    /// Creates the scope of one principal: a user, a tenant, an API key's identifier.
    #[must_use]
    pub fn of_principal(principal: impl Into<String>) -> Self {
        Self {
            principal: Some(principal.into().into()),
            ..Self::of_anyone()
        }
    }

    /// Creates the scope that all callers share.
    #[must_use]
    pub fn of_anyone() -> Self {
        Self {
            namespace: Box::default(),
            principal: None,
            mount: Box::default(),
        }
    }

    /// Sets the name of the service, as
    /// [`IdempotencyLayer::namespace`](crate::IdempotencyLayer::namespace) has it. Defaults to
    /// none.
    #[must_use]
    pub fn in_namespace(self, name: &str) -> Self {
        let namespace = name.into();
        Self { namespace, ..self }
    }

    /// Sets the path under which the service is mounted, as `axum`'s `Router::nest` has it.
    /// Defaults to none. All spellings of a path are one: `/a-b` and `/a%2Db/`.
    #[must_use]
    pub fn mounted_at(self, path: &str) -> Self {
        let mut mount = String::with_capacity(path.len());
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let decoded: Cow<'_, [u8]> = percent_decode_str(segment).into();
            mount.push('/');
            mount.extend(percent_encode(&decoded, NON_ALPHANUMERIC));
        }
        let mount = mount.into();
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
            .field("namespace", &self.namespace)
            .field("mount", &self.mount)
            .finish_non_exhaustive()
    }
}

/// The name of a record in a store: a SHA-256 of scope and key, so that neither is at rest.
///
/// Its text has 64 hexadecimal digits, which events of the feature `tracing` show. An operator
/// parses the text of an event to settle its key:
///
/// ```
/// use tower_conditional::idempotency::RecordId;
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let id: RecordId = "ac81701390868c84ac81701390868c84ac81701390868c84ac81701390868c84".parse()?;
/// assert_eq!(id.as_bytes()[..2], [0xac, 0x81]);
/// # Ok(())
/// # }
/// # run().unwrap();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 32]);

impl RecordId {
    /// Creates the name of the record of a key.
    #[must_use]
    pub fn new(scope: &KeyScope, key: &IdempotencyKey) -> Self {
        let mut hash = Sha256::new();
        // The version changes whenever the parts do, so that no old record is misread.
        hash.update(b"tower-conditional idempotency record 2\0");
        // A flag tells no principal from one with an empty name.
        hash.update([u8::from(scope.principal.is_some())]);
        let principal = scope.principal.as_deref().unwrap_or_default();
        for part in [&scope.namespace, principal, &scope.mount, key.as_str()] {
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

impl FromStr for RecordId {
    type Err = InvalidRecordId;

    /// Parses 64 hexadecimal digits, as `Display` writes them.
    fn from_str(text: &str) -> Result<Self, InvalidRecordId> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(InvalidRecordId(()));
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn hex_digit(digit: u8) -> Result<u8, InvalidRecordId> {
    let value = char::from(digit).to_digit(16);
    let value = value.and_then(|value| u8::try_from(value).ok());
    value.ok_or(InvalidRecordId(()))
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole, since the event of a lost attempt is all that an operator has.
        write!(f, "RecordId({self})")
    }
}

/// An error returned by [`RecordId::from_str`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidRecordId(());

impl fmt::Display for InvalidRecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid record id: it must be 64 hexadecimal digits, as events show them")
    }
}

impl Error for InvalidRecordId {}
