//! Suffixes at the end of opaque texts.

use bytes::Bytes;
use http::HeaderValue;

use super::TagCodings;
use crate::semantics::accept_encoding::canonical;

/// What marks the tags of one coding.
#[derive(Debug, Clone)]
pub(super) struct Suffix {
    text: String,
    coding: String,
    /// Greater for what compression chooses first; `None` for a foreign suffix,
    /// which is only understood.
    preference: Option<u16>,
}

impl Suffix {
    pub(super) fn own(coding: String, preference: u16) -> Self {
        Self {
            text: format!("-{coding}"),
            coding,
            preference: Some(preference),
        }
    }

    pub(super) fn foreign(text: String, coding: String) -> Self {
        Self {
            text,
            coding,
            preference: None,
        }
    }

    /// Whether this layer makes it.
    pub(super) fn is_own(&self) -> bool {
        self.preference.is_some()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn coding(&self) -> &str {
        &self.coding
    }

    pub(super) fn preference(&self) -> u16 {
        self.preference.unwrap_or(0)
    }
}

impl TagCodings {
    pub(super) fn suffixes(&self) -> &[Suffix] {
        &self.suffixes
    }

    /// The suffix that a member of `Content-Encoding` gives; `None` if it is
    /// none of the codings.
    pub(super) fn suffix_of(&self, coding: &[u8]) -> Option<&str> {
        let name = canonical(coding);
        self.suffixes
            .iter()
            .find(|suffix| suffix.is_own() && suffix.coding.as_bytes().eq_ignore_ascii_case(name))
            .map(Suffix::text)
    }

    /// An opaque text without the suffixes at its end, with the place of each
    /// in [`suffixes`](Self::suffixes), last one first.
    pub(super) fn strip<'t>(
        &self,
        mut opaque: &'t [u8],
        mut each: impl FnMut(usize),
    ) -> Option<&'t [u8]> {
        let before = opaque.len();
        while let Some((at, rest)) = self.strip_last(opaque) {
            each(at);
            opaque = rest;
        }
        (opaque.len() < before).then_some(opaque)
    }

    /// Whether an opaque text ends as if it stood for coded content.
    pub(super) fn looks_coded(&self, opaque: &[u8]) -> bool {
        self.strip_last(opaque).is_some()
    }

    fn strip_last<'t>(&self, opaque: &'t [u8]) -> Option<(usize, &'t [u8])> {
        self.suffixes.iter().enumerate().find_map(|(at, suffix)| {
            let rest = opaque.strip_suffix(suffix.text.as_bytes())?;
            Some((at, rest))
        })
    }
}

/// A tag in one allocation, with suffixes of `room` bytes together.
pub(super) fn spell<'t>(
    weak: bool,
    opaque: &[u8],
    suffixes: impl Iterator<Item = &'t str>,
    room: usize,
) -> HeaderValue {
    let opening: &[u8] = if weak { b"W/\"" } else { b"\"" };
    let mut text = Vec::with_capacity(opening.len() + opaque.len() + room + 1);
    text.extend_from_slice(opening);
    text.extend_from_slice(opaque);
    suffixes.for_each(|suffix| text.extend_from_slice(suffix.as_bytes()));
    text.push(b'"');
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("made of parts of entity tags")
}

/// A tag without a suffix.
pub(super) fn respell(weak: bool, opaque: &[u8]) -> HeaderValue {
    spell(weak, opaque, std::iter::empty(), 0)
}
