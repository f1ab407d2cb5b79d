//! The members of `Range: bytes=..` (RFC 9110, section 14.1.1).

use super::ByteRange;
use crate::semantics::field::list::trim_ows;

/// One member of a range set, for a representation of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RangeSpec {
    /// From the first position to the last one, or to the end.
    From { first: u64, last: Option<u64> },
    /// The last bytes, as many as this.
    Suffix(u64),
}

impl RangeSpec {
    /// Parses a member. Returns `None` if it is invalid. Numbers beyond 64 bits become the largest
    /// number.
    pub(super) fn parse(member: &[u8]) -> Option<Self> {
        let dash = member.iter().position(|byte| *byte == b'-')?;
        let (first, last) = (&member[..dash], &member[dash + 1..]);
        if first.is_empty() {
            return Some(Self::Suffix(number(last)?));
        }
        let from = number(first)?;
        if last.is_empty() {
            return Some(Self::From {
                first: from,
                last: None,
            });
        }
        let to = number(last)?;
        // Two numbers beyond 64 bits are equal by now.
        if to < from || (to == u64::MAX && is_less(last, first)) {
            return None;
        }
        Some(Self::From {
            first: from,
            last: Some(to),
        })
    }

    /// Returns the bytes of a representation with this length, or `None` if there are none.
    pub(super) fn resolve(self, length: u64) -> Option<ByteRange> {
        let end = length.checked_sub(1)?;
        match self {
            Self::From { first, .. } if first > end => None,
            Self::From { first, last } => Some(ByteRange::new(
                first,
                last.map_or(end, |last| last.min(end)),
            )),
            Self::Suffix(0) => None,
            Self::Suffix(bytes) => Some(ByteRange::new(length.saturating_sub(bytes), end)),
        }
    }
}

/// Returns the members of a `Range` in bytes. Returns `None` for other units. The name of a unit
/// has no case (section 14.1).
pub(super) fn byte_specifiers(range: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let range = trim_ows(range);
    let (unit, set) = range.split_at_checked("bytes".len())?;
    let set = set.strip_prefix(b"=")?;
    unit.eq_ignore_ascii_case(b"bytes").then(|| {
        let members = set.split(|byte| *byte == b',').map(trim_ows);
        members.filter(|member| !member.is_empty())
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = digits.iter().map(|digit| u64::from(digit - b'0'));
    Some(digits.fold(0, |number: u64, digit| {
        number.saturating_mul(10).saturating_add(digit)
    }))
}

/// Compares two numbers of any length.
fn is_less(digits: &[u8], others: &[u8]) -> bool {
    fn significant(digits: &[u8]) -> &[u8] {
        let zeros = digits.iter().take_while(|digit| **digit == b'0');
        &digits[zeros.count()..]
    }
    let (digits, others) = (significant(digits), significant(others));
    (digits.len(), digits) < (others.len(), others)
}
