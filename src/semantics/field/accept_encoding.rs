//! `Accept-Encoding`: which codings a request takes
//! (RFC 9110, section 12.5.3).

use http::{HeaderMap, header::ACCEPT_ENCODING};

use super::{
    lines,
    list::{members, trim_ows},
};

/// How much a request wants a coding, in thousandths: 0 where it does not take
/// it. Without `Accept-Encoding`, or where the field names neither the coding
/// nor `*`, that is 0.
///
/// Of a coding that is named twice the greater weight counts, and a member
/// with a malformed weight not at all. `x-gzip` counts as `gzip`.
#[must_use]
pub fn weight(headers: &HeaderMap, coding: &str) -> u16 {
    stated(headers, coding).unwrap_or(0)
}

/// How much a request wants the content as it is, in thousandths: `None` where
/// it refuses that, and 0 where it says nothing about it.
#[must_use]
pub fn identity_weight(headers: &HeaderMap) -> Option<u16> {
    match stated(headers, "identity") {
        Some(0) => None,
        stated => Some(stated.unwrap_or(0)),
    }
}

/// The one name of a coding that has two (RFC 9110, section 8.4.1).
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

/// The weight of the coding itself, else that of `*`.
fn stated(headers: &HeaderMap, coding: &str) -> Option<u16> {
    let (mut named, mut any) = (None, None);
    for member in members(lines::lines(headers, &ACCEPT_ENCODING)) {
        let Some((name, weight)) = read(member) else {
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

fn read(member: &[u8]) -> Option<(&[u8], u16)> {
    let Some(semicolon) = member.iter().position(|byte| *byte == b';') else {
        return Some((member, 1000));
    };
    let weight = match trim_ows(&member[semicolon + 1..]) {
        [b'q' | b'Q', b'=', value @ ..] => thousandths(value)?,
        _ => return None,
    };
    Some((trim_ows(&member[..semicolon]), weight))
}

/// RFC 9110, section 12.4.2: from 0 to 1 with at most three digits behind the
/// point.
fn thousandths(value: &[u8]) -> Option<u16> {
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
