use crate::semantics::condition::range::{ByteRange, RangeSet};

/// The bytes of a representation that a response has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedPart {
    ranges: RangeSet,
    complete_length: u64,
}

impl ServedPart {
    pub(crate) fn new(ranges: RangeSet, complete_length: u64) -> Self {
        Self {
            ranges,
            complete_length,
        }
    }

    /// Returns the ranges of a 206, in their order in the response. There are none for a 416.
    #[must_use]
    pub fn ranges(&self) -> &[ByteRange] {
        self.ranges.as_slice()
    }

    /// Returns the length of the whole representation, in bytes.
    #[must_use]
    pub fn complete_length(&self) -> u64 {
        self.complete_length
    }
}
