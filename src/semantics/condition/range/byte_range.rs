use std::{fmt, ops::RangeInclusive};

use bytes::Bytes;

/// A range of bytes in a representation, from its first to its last byte (RFC 9110, section
/// 14.1.2). It has at least one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByteRange {
    first: u64,
    last: u64,
}

impl ByteRange {
    /// Creates a range. `first` is at most `last`, which lies before the end of a representation.
    pub(crate) fn new(first: u64, last: u64) -> Self {
        debug_assert!(first <= last && last < u64::MAX);
        Self { first, last }
    }

    /// Returns the position of the first byte. Positions begin with 0.
    #[must_use]
    pub fn first(self) -> u64 {
        self.first
    }

    /// Returns the position of the last byte.
    #[must_use]
    pub fn last(self) -> u64 {
        self.last
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn length(self) -> u64 {
        self.last - self.first + 1
    }

    /// Returns the range of a body that has these bytes alone.
    pub(crate) fn moved_to_start(self) -> Self {
        Self::new(0, self.last - self.first)
    }

    /// Returns these bytes of a representation without a copy, or as many of them as there are.
    pub(crate) fn slice(self, whole: &Bytes) -> Bytes {
        let clamp = |end: u64| usize::try_from(end).map_or(whole.len(), |end| end.min(whole.len()));
        whole.slice(clamp(self.first)..clamp(self.last.saturating_add(1)))
    }

    /// Returns `true` if at most `gap` bytes lie between the two ranges.
    pub(super) fn is_near(self, other: Self, gap: u64) -> bool {
        let reach = |range: Self| range.last.saturating_add(1).saturating_add(gap);
        self.first <= reach(other) && other.first <= reach(self)
    }

    /// Returns the shortest range that contains both.
    pub(super) fn hull(self, other: Self) -> Self {
        Self::new(self.first.min(other.first), self.last.max(other.last))
    }
}

impl From<ByteRange> for RangeInclusive<u64> {
    fn from(range: ByteRange) -> Self {
        range.first..=range.last
    }
}

impl fmt::Display for ByteRange {
    /// Formats the range as in `Content-Range`, such as `0-499`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}
