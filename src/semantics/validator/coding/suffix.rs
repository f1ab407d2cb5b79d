//! The suffixes that mark the codings at the end of opaque texts.

use bytes::Bytes;
use http::HeaderValue;

use super::dictionary::{self, DictionaryHash};

/// The suffix that marks the tags of one coding.
#[derive(Debug, Clone)]
pub(super) struct CodingSuffix {
    text: String,
    coding: String,
    /// The preference of the compression layer, higher first. `None` for a foreign suffix, which
    /// is understood and never written.
    preference: Option<u16>,
    /// `true` if a dictionary hash follows the text.
    uses_dictionary: bool,
}

/// A suffix at the end of an opaque text.
#[derive(Debug, Clone, Copy)]
pub(super) struct SuffixMatch {
    /// The index of the suffix in [`TagCodings`](super::TagCodings).
    pub(super) at: usize,
    pub(super) dictionary: Option<DictionaryHash>,
}

impl CodingSuffix {
    pub(super) fn own(coding: String, preference: u16) -> Self {
        let uses_dictionary = dictionary::is_used_by(&coding);
        let end = if uses_dictionary { "-" } else { "" };
        Self {
            text: format!("-{coding}{end}"),
            coding,
            preference: Some(preference),
            uses_dictionary,
        }
    }

    pub(super) fn foreign(text: String, coding: String) -> Self {
        Self {
            text,
            coding,
            preference: None,
            uses_dictionary: false,
        }
    }

    /// Returns `true` if this layer writes the suffix.
    pub(super) fn is_own(&self) -> bool {
        self.preference.is_some()
    }

    pub(super) fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn uses_dictionary(&self) -> bool {
        self.uses_dictionary
    }

    /// Returns the length of the suffix in bytes.
    pub(super) fn length(&self) -> usize {
        let dictionary = if self.uses_dictionary {
            DictionaryHash::LENGTH
        } else {
            0
        };
        self.text.len() + dictionary
    }

    pub(super) fn strip<'t>(&self, opaque: &'t [u8]) -> Option<(&'t [u8], Option<DictionaryHash>)> {
        let (opaque, dictionary) = if self.uses_dictionary {
            let (rest, dictionary) = DictionaryHash::split_from_end(opaque)?;
            (rest, Some(dictionary))
        } else {
            (opaque, None)
        };
        Some((opaque.strip_suffix(self.text.as_bytes())?, dictionary))
    }

    pub(super) fn coding(&self) -> &str {
        &self.coding
    }

    pub(super) fn preference(&self) -> u16 {
        self.preference.unwrap_or(0)
    }
}

/// Writes a tag in one allocation. The suffixes have `room` bytes together.
pub(super) fn write_tag<'t>(
    weak: bool,
    opaque: &[u8],
    suffixes: impl Iterator<Item = &'t [u8]>,
    room: usize,
) -> HeaderValue {
    let opening: &[u8] = if weak { b"W/\"" } else { b"\"" };
    let mut text = Vec::with_capacity(opening.len() + opaque.len() + room + 1);
    text.extend_from_slice(opening);
    text.extend_from_slice(opaque);
    suffixes.for_each(|suffix| text.extend_from_slice(suffix));
    text.push(b'"');
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("made of parts of entity tags")
}

/// Writes a tag without a suffix.
pub(super) fn write_plain_tag(weak: bool, opaque: &[u8]) -> HeaderValue {
    write_tag(weak, opaque, std::iter::empty(), 0)
}
