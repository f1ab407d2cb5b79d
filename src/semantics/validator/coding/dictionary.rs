//! The dictionary of a request, as tags name it (RFC 9842).

use http::{HeaderMap, HeaderName};

use crate::semantics::field::{lines, list::trim_ows};

pub(super) const AVAILABLE_DICTIONARY: HeaderName = HeaderName::from_static("available-dictionary");

/// The number of Base64 characters of a SHA-256, without padding.
const HASH_LENGTH: usize = 43;

/// The first 132 bits of a dictionary's SHA-256, in Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DictionaryHash([u8; Self::LENGTH]);

impl DictionaryHash {
    pub(super) const LENGTH: usize = 22;

    /// Reads `Available-Dictionary`, a Byte Sequence (section 2.2).
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = lines::only(headers, &AVAILABLE_DICTIONARY)?.as_bytes();
        let text = trim_ows(value).strip_prefix(b":")?;
        let end = text.iter().position(|byte| *byte == b':')?;
        let (hash, after) = (&text[..end], &text[end + 1..]);
        let hash = hash.strip_suffix(b"=").unwrap_or(hash);
        let is_hash = hash.len() == HASH_LENGTH && hash.iter().all(is_base64);
        let is_item = after.first().is_none_or(|byte| *byte == b';');
        let (first, _) = hash.split_first_chunk()?;
        (is_hash && is_item).then_some(Self(*first))
    }

    /// Splits an opaque text into the text before the hash and the hash at its end.
    pub(super) fn split_from_end(opaque: &[u8]) -> Option<(&[u8], Self)> {
        let (rest, last) = opaque.split_last_chunk()?;
        last.iter().all(is_base64).then_some((rest, Self(*last)))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Returns `true` if the coding uses a dictionary (sections 4 and 5).
pub(super) fn is_used_by(coding: &str) -> bool {
    matches!(coding, "dcb" | "dcz")
}
