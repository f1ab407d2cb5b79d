//! The spelling of keys in both databases.

/// Returns `true` for the canonical spelling of a 64-bit integer. Databases read other
/// spellings, such as `017`, as the same value.
pub(crate) fn is_integer(text: &str) -> bool {
    text.parse::<i64>()
        .is_ok_and(|value| value.to_string() == text)
}
