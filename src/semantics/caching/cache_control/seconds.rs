//! `delta-seconds` (RFC 9111, section 1.2.2).

use std::time::Duration;

use super::raw_directive::Argument;

/// The greatest number that every cache supports, about 68 years.
const MAX_SECONDS: u32 = 1 << 31;

/// Converts a duration to whole seconds, at most 2³¹. A fraction is dropped.
pub(crate) const fn whole_seconds(duration: Duration) -> u32 {
    let seconds = duration.as_secs();
    if seconds > MAX_SECONDS as u64 {
        MAX_SECONDS
    } else {
        seconds as u32
    }
}

/// Parses digits, quoted or not. A greater number becomes 2³¹.
pub(super) fn parse(argument: Argument<'_>) -> Option<u32> {
    let (Argument::Token(digits) | Argument::Quoted(digits)) = argument else {
        return None;
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number: u32, digit| {
        let next = number.saturating_mul(10);
        next.saturating_add(u32::from(digit - b'0'))
            .min(MAX_SECONDS)
    }))
}

/// Returns `true` if every cache parses these seconds from the argument: it is not quoted, and
/// its number was not clamped.
pub(super) fn is_unambiguous(argument: Argument<'_>, seconds: u32) -> bool {
    match argument {
        Argument::Token(digits) => seconds < MAX_SECONDS || digits == b"2147483648",
        Argument::None | Argument::Quoted(_) | Argument::Malformed => false,
    }
}

pub(super) const fn to_duration(seconds: Option<u32>) -> Option<Duration> {
    match seconds {
        Some(seconds) => Some(Duration::from_secs(seconds as u64)),
        None => None,
    }
}
