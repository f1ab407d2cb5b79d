//! `Accept-Encoding`: the content codings that a client accepts (RFC 9110, section 12.5.3).

use http::{HeaderMap, header::ACCEPT_ENCODING};

use super::{
    lines,
    list::{members, trim_ows},
};

/// Returns the weight of a content coding in thousandths, or 0 if the client does not accept
/// it.
///
/// The weight is also 0 if the header is missing, or names neither the coding nor `*`. If a
/// coding is named twice, the greater weight counts. A member with a malformed weight is
/// ignored. `x-gzip` counts as `gzip`.
#[must_use]
pub fn weight(headers: &HeaderMap, coding: &str) -> u16 {
    find_weight(headers, coding).unwrap_or(0)
}

/// Returns the weight of content without any coding in thousandths.
///
/// Returns `None` if the client refuses such content, and 0 if the header does not mention it.
#[must_use]
pub fn identity_weight(headers: &HeaderMap) -> Option<u16> {
    match find_weight(headers, "identity") {
        Some(0) => None,
        // Without a mention, `identity` is acceptable (RFC 9110, section 12.5.3).
        weight => Some(weight.unwrap_or(0)),
    }
}

/// Returns `true` if the header allows any content coding. A member with a malformed weight counts,
/// since a layer that compresses may read it in another way.
///
/// Without the header, any coding would be acceptable, but servers then send none.
pub(crate) fn allows_coding(headers: &HeaderMap) -> bool {
    members(lines::lines(headers, &ACCEPT_ENCODING)).any(|member| {
        parse_member(member)
            .is_none_or(|(name, weight)| weight > 0 && !name.eq_ignore_ascii_case(b"identity"))
    })
}

/// Removes the prefix of `x-gzip` and `x-compress`, which are the same codings without it
/// (RFC 9110, section 8.4.1).
pub(crate) fn canonical(coding: &[u8]) -> &[u8] {
    match coding {
        [b'x' | b'X', b'-', name @ ..]
            if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"compress") =>
        {
            name
        }
        _ => coding,
    }
}

/// Returns the weight of the coding, or that of `*` if the coding is not named.
fn find_weight(headers: &HeaderMap, coding: &str) -> Option<u16> {
    let (mut named, mut any) = (None, None);
    for member in members(lines::lines(headers, &ACCEPT_ENCODING)) {
        let Some((name, weight)) = parse_member(member) else {
            continue;
        };
        if name == b"*" {
            any = any.max(Some(weight));
        } else if canonical(name).eq_ignore_ascii_case(coding.as_bytes()) {
            named = named.max(Some(weight));
        }
    }
    named.or(any)
}

/// Parses a coding with its weight. Returns `None` if the weight is malformed.
fn parse_member(member: &[u8]) -> Option<(&[u8], u16)> {
    let Some(semicolon) = member.iter().position(|byte| *byte == b';') else {
        return Some((member, 1000));
    };
    let weight = match trim_ows(&member[semicolon + 1..]) {
        [b'q' | b'Q', b'=', value @ ..] => parse_weight(value)?,
        _ => return None,
    };
    Some((trim_ows(&member[..semicolon]), weight))
}

/// Parses a weight from 0 to 1 with at most three decimals (RFC 9110, section 12.4.2).
fn parse_weight(value: &[u8]) -> Option<u16> {
    let (whole, digits) = match value {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', digits @ ..] if digits.len() <= 3 => (whole, digits),
        _ => return None,
    };
    let mut weight = u16::from(whole - b'0') * 1000;
    for (digit, unit) in digits.iter().zip([100, 10, 1]) {
        if !digit.is_ascii_digit() {
            return None;
        }
        weight += u16::from(digit - b'0') * unit;
    }
    (weight <= 1000).then_some(weight)
}
