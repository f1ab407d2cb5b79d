//! Suffixes at the end of opaque texts.

use bytes::Bytes;
use http::HeaderValue;

use super::dictionary::{self, Dictionary};

/// What marks the tags of one coding.
#[derive(Debug, Clone)]
pub(super) struct Suffix {
    text: String,
    coding: String,
    /// Greater for what compression chooses first; `None` for a foreign suffix,
    /// which is only understood.
    preference: Option<u16>,
    /// Whether the dictionary follows the text.
    by_dictionary: bool,
}

/// A suffix that was found at the end of an opaque text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Its place among the suffixes of [`TagCodings`](super::TagCodings).
    pub(super) at: usize,
    pub(super) dictionary: Option<Dictionary>,
}

impl Suffix {
    pub(super) fn own(coding: String, preference: u16) -> Self {
        let by_dictionary = dictionary::is_needed(&coding);
        let end = if by_dictionary { "-" } else { "" };
        Self {
            text: format!("-{coding}{end}"),
            coding,
            preference: Some(preference),
            by_dictionary,
        }
    }

    pub(super) fn foreign(text: String, coding: String) -> Self {
        Self {
            text,
            coding,
            preference: None,
            by_dictionary: false,
        }
    }

    /// Whether this layer makes it.
    pub(super) fn is_own(&self) -> bool {
        self.preference.is_some()
    }

    pub(super) fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn by_dictionary(&self) -> bool {
        self.by_dictionary
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> usize {
        let dictionary = if self.by_dictionary {
            Dictionary::LENGTH
        } else {
            0
        };
        self.text.len() + dictionary
    }

    pub(super) fn strip<'t>(&self, opaque: &'t [u8]) -> Option<(&'t [u8], Option<Dictionary>)> {
        let (opaque, dictionary) = if self.by_dictionary {
            let (rest, dictionary) = Dictionary::at_end(opaque)?;
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

/// A tag in one allocation, with suffixes of `room` bytes together.
pub(super) fn spell<'t>(
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

/// A tag without a suffix.
pub(super) fn respell(weak: bool, opaque: &[u8]) -> HeaderValue {
    spell(weak, opaque, std::iter::empty(), 0)
}
