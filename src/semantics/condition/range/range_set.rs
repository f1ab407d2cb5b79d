use super::{ByteRange, specifier::RangeSpec};
use crate::semantics::field::OneOrMany;

/// The limits of a response with several parts.
#[derive(Debug, Clone, Copy)]
pub struct RangeLimits {
    /// The largest number of parts. A request for more gets the whole representation.
    pub max_parts: usize,
    /// The largest number of bytes between two ranges that are joined.
    pub max_gap: u64,
}

/// 16 parts, and gaps that are shorter than the head of a part (RFC 9110, section 15.3.7.2).
impl Default for RangeLimits {
    fn default() -> Self {
        Self {
            max_parts: 16,
            max_gap: 80,
        }
    }
}

/// The ranges of a response, in the order of the request. No two of them overlap.
#[derive(Debug, Clone, Default)]
pub struct RangeSet(OneOrMany<ByteRange>);

impl PartialEq for RangeSet {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for RangeSet {}

impl RangeSet {
    /// Returns the ranges.
    pub fn as_slice(&self) -> &[ByteRange] {
        self.0.as_slice()
    }

    /// Returns `true` if the ranges are in the order of their bytes, so that a stream has all of them.
    pub(crate) fn ascends(&self) -> bool {
        self.as_slice().is_sorted_by_key(|range| range.first())
    }

    /// Adds a range, and joins it with the ranges that are near. The result has the place of the
    /// first of them.
    fn push(&mut self, mut range: ByteRange, gap: u64) {
        match &mut self.0 {
            OneOrMany::One(only) if only.is_near(range, gap) => *only = only.hull(range),
            OneOrMany::None | OneOrMany::One(_) => self.0.push(range),
            OneOrMany::Many(ranges) => {
                let mut place = ranges.len();
                while let Some(at) = ranges.iter().position(|other| other.is_near(range, gap)) {
                    range = range.hull(ranges.remove(at));
                    place = place.min(at);
                }
                ranges.insert(place, range);
            }
        }
    }
}

/// The ranges that are left of a request.
pub(super) enum RequestedRanges {
    /// These parts. There are none if no range is satisfiable.
    Parts(RangeSet),
    /// The request is invalid, has more parts than the limit, or asks for the end of nothing.
    Ignored,
}

/// Returns the parts of a representation that a set of specifiers selects. Only as many parts as
/// the limit allows are in memory, and the time is linear in the number of specifiers.
pub(super) fn select<'a>(
    specifiers: impl Iterator<Item = &'a [u8]>,
    length: u64,
    limits: RangeLimits,
) -> RequestedRanges {
    let mut set = RangeSet::default();
    let mut is_empty = true;
    for specifier in specifiers {
        is_empty = false;
        let Some(specifier) = RangeSpec::parse(specifier) else {
            return RequestedRanges::Ignored;
        };
        // The end of an empty representation is satisfiable (section 14.1.2), but no `Content-Range`
        // can name it.
        if length == 0 && matches!(specifier, RangeSpec::Suffix(1..)) {
            return RequestedRanges::Ignored;
        }
        if let Some(range) = specifier.resolve(length) {
            set.push(range, limits.max_gap);
        }
        if set.as_slice().len() > limits.max_parts {
            return RequestedRanges::Ignored;
        }
    }
    if is_empty {
        return RequestedRanges::Ignored;
    }
    RequestedRanges::Parts(set)
}
