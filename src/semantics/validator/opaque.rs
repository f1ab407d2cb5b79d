//! Checks of opaque texts, eight bytes at a time.

/// Returns `true` if all bytes are `etagc` (RFC 9110, section 8.8.3): visible characters
/// except the quote, and the bytes from 0x80 on.
#[inline]
pub(super) fn is_opaque(bytes: &[u8]) -> bool {
    all(bytes, are_opaque)
}

/// Returns `true` if all bytes are ASCII without a backslash. The text has no quotes and no
/// control characters, so JSON then needs no escapes.
#[inline]
pub(super) fn is_plain_json(opaque: &[u8]) -> bool {
    all(opaque, |bytes| {
        // As in `are_opaque`, no sum carries into the next byte.
        let is_no_backslash = ((bytes & !HIGH) ^ repeat(b'\\')) + repeat(0x7f);
        bytes & HIGH == 0 && is_no_backslash & HIGH == HIGH
    })
}

/// Returns `true` if all bytes pass. `pass` checks eight bytes at a time.
#[inline]
fn all(bytes: &[u8], pass: impl Fn(u64) -> bool) -> bool {
    let Some(last) = bytes.last_chunk() else {
        // Fewer than eight bytes: each is checked as eight copies.
        return bytes.iter().all(|byte| pass(repeat(*byte)));
    };
    let (chunks, _) = bytes.as_chunks();
    // The last chunk and the one before it may overlap.
    let mut chunks = chunks.iter().chain([last]);
    chunks.all(|chunk| pass(u64::from_ne_bytes(*chunk)))
}

/// Returns eight copies of a byte.
const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte.
const HIGH: u64 = repeat(0x80);

/// Returns `true` if all eight bytes are `etagc`, as in [`is_opaque`].
fn are_opaque(bytes: u64) -> bool {
    // In each sum, the high bit of a byte is set if the name of the sum is true for that byte.
    // No sum carries into the next byte.
    let low = bytes & !HIGH;
    let is_visible = low + repeat(0x7f - b' ');
    let is_no_quote = (low ^ repeat(b'"')) + repeat(0x7f);
    let is_no_delete = (low ^ repeat(0x7f)) + repeat(0x7f);
    ((is_visible & is_no_quote & is_no_delete) | bytes) & HIGH == HIGH
}
