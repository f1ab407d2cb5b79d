use std::fmt;

/// The name of one attempt to perform a request: 128 random bits.
///
/// A store compares it, so that an attempt changes no record but its own, and a call that is
/// delivered twice counts once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner([u8; 16]);

impl From<[u8; 16]> for Owner {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl Owner {
    /// Returns the bytes, for a store's column.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owner({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}
