//! The limits of a document.

/// The most bytes that any configuration accepts, since positions have 32 bits.
const MOST_BYTES: usize = u32::MAX as usize;

/// The limits of a document that is brought into its canonical form.
///
/// Documents beyond a limit are refused, and their bytes are compared instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalLimits {
    bytes: usize,
    depth: usize,
}

impl CanonicalLimits {
    /// Creates limits with the given length in bytes, and 128 levels of arrays and objects.
    ///
    /// Documents of 4 GiB and more are refused in any case.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self {
            bytes: max_bytes.min(MOST_BYTES),
            depth: 128,
        }
    }

    /// Sets the most levels of arrays and objects in each other. Defaults to 128.
    ///
    /// Without any level, only numbers, strings and the three literals are accepted.
    #[must_use]
    pub fn with_max_depth(mut self, levels: usize) -> Self {
        self.depth = levels;
        self
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }
}
