//! `delta-seconds` (RFC 9111, section 1.2.2).

use std::time::Duration;

use super::directive::Argument;

/// The greatest number that every cache understands, some 68 years.
const GREATEST: u32 = 1 << 31;

/// Whole seconds, at most 2³¹; a fraction is dropped.
pub(crate) const fn of(duration: Duration) -> u32 {
    let seconds = duration.as_secs();
    if seconds > GREATEST as u64 {
        GREATEST
    } else {
        seconds as u32
    }
}

/// Digits, in quotes or not; too many are 2³¹.
pub(super) fn read(argument: Argument<'_>) -> Option<u32> {
    let (Argument::Token(digits) | Argument::Quoted(digits)) = argument else {
        return None;
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number: u32, digit| {
        let next = number.saturating_mul(10);
        next.saturating_add(u32::from(digit - b'0')).min(GREATEST)
    }))
}

/// Whether every cache reads these seconds in the argument: they are not in quotes,
/// and were not too many.
pub(super) fn is_usual(argument: Argument<'_>, seconds: u32) -> bool {
    match argument {
        Argument::Token(digits) => seconds < GREATEST || digits == b"2147483648",
        Argument::None | Argument::Quoted(_) | Argument::Malformed => false,
    }
}

pub(super) const fn duration(seconds: Option<u32>) -> Option<Duration> {
    match seconds {
        Some(seconds) => Some(Duration::from_secs(seconds as u64)),
        None => None,
    }
}
