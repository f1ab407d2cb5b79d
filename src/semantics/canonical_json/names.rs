//! The order of names: by their UTF-16 code units (RFC 8785, section 3.2.3).
//!
//! A comparison reads no further than the first difference. Otherwise one long name would be read
//! once for each of the others.

use std::{cmp::Ordering, iter};

use super::reader::escape;

/// Compares two names, each by the position of its first quote. Their syntax is checked.
pub(super) fn compare(json: &str, one: u32, other: u32) -> Ordering {
    let (one, other) = (one as usize + 1, other as usize + 1);
    let (one_bytes, other_bytes) = (&json.as_bytes()[one..], &json.as_bytes()[other..]);
    let mut pairs = iter::zip(one_bytes, other_bytes);
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\');
    let same = pairs.position(|(one, other)| one != other || !is_plain(one));
    let same = same.unwrap_or_default();
    match (one_bytes[same], other_bytes[same]) {
        (b'\\', _) | (_, b'\\') => {
            // An escape may stand for the other's next character, and both are at one here.
            let one = characters(json, one + same).map(utf16_rank);
            one.cmp(characters(json, other + same).map(utf16_rank))
        }
        (b'"', b'"') => Ordering::Equal,
        (b'"', _) => Ordering::Less,
        (_, b'"') => Ordering::Greater,
        (one, other) => lead_rank(one).cmp(&lead_rank(other)),
    }
}

/// Returns the characters of a string from a position on, up to its quote. Its syntax is checked.
pub(super) fn characters(json: &str, mut at: usize) -> impl Iterator<Item = char> {
    iter::from_fn(move || {
        let next = json[at..].chars().next()?;
        let (character, length) = match next {
            '"' => return None,
            '\\' => escape(json, at).ok()?,
            _ => (next, next.len_utf8()),
        };
        at += length;
        Some(character)
    })
}

/// Orders the bytes of UTF-8 as UTF-16 does. The characters from U+E000 to U+FFFF start with EE or
/// EF. They come after the surrogates, so after the characters that start with F0 to F4.
fn lead_rank(byte: u8) -> u8 {
    match byte {
        0xee | 0xef => byte + 0x10,
        _ => byte,
    }
}

/// Orders characters as their UTF-16 code units.
fn utf16_rank(character: char) -> u32 {
    match u32::from(character) {
        scalar @ 0xe000..=0xffff => scalar + 0x11_0000,
        scalar => scalar,
    }
}
