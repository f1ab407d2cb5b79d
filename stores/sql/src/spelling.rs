//! The spelling of keys that both databases share.

/// Returns `true` for the one spelling of an integer of 64 bits. Databases read others, such
/// as `017`, as the same value.
pub(crate) fn is_integer(text: &str) -> bool {
    text.parse::<i64>()
        .is_ok_and(|value| value.to_string() == text)
}
