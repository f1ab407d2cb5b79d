//! One strong entity tag per content coding (RFC 9110, section 8.8.3.3).
//!
//! [`TagCodings::encode`] adds the suffix of a coding to the tag of a response.
//! [`TagCodings::decode`] removes it from the tags of a request.

mod decode;
mod dictionary;
mod digests;
mod encode;
mod suffix;
#[cfg(test)]
mod tests;

use std::{cmp::Reverse, error::Error, fmt};

pub use self::decode::DecodedRequest;
pub(crate) use self::{decode::is_conditional, encode::may_be_validated};
use self::{
    dictionary::DictionaryHash,
    suffix::{CodingSuffix, SuffixMatch},
};
use crate::semantics::field::{accept_encoding::canonical, list::is_tchar};

/// The codings that a layer inside may choose, and the suffixes that distinguish their tags.
#[derive(Debug, Clone)]
pub struct TagCodings {
    /// The suffixes, the longest first, so that the most specific one is found.
    suffixes: Vec<CodingSuffix>,
    /// `true` if one of the codings uses a dictionary.
    uses_dictionary: bool,
    /// `true` if tags of coded content become weak instead of getting a suffix.
    weak: bool,
}

impl TagCodings {
    /// Creates a value with these codings, in the order of the compression layer's
    /// preference.
    ///
    /// The suffix of a coding is `-` and its name in lower case. For `dcb` and `dcz` (RFC 9842),
    /// another `-` follows, and the first 22 characters of `Available-Dictionary`.
    ///
    /// # Errors
    ///
    /// Returns an error for a name that is not a token (RFC 9110, section 5.6.2), for `*` and
    /// for `identity`.
    pub fn new<N: AsRef<str>>(
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        let none = Self {
            suffixes: Vec::new(),
            uses_dictionary: false,
            weak: false,
        };
        none.codings(names)
    }

    /// Sets the codings. Defaults to those of [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// Returns the same errors as `new`.
    pub fn codings<N: AsRef<str>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        let mut own: Vec<String> = Vec::new();
        for name in names {
            let name = name.as_ref();
            let name = coding_name(name).ok_or_else(|| InvalidContentCoding::Name(name.into()))?;
            if !own.contains(&name) {
                own.push(name);
            }
        }
        self.suffixes.retain(|suffix| !suffix.is_own());
        let own = own.into_iter().rev().zip(1..);
        self.suffixes
            .extend(own.map(|(name, preference)| CodingSuffix::own(name, preference)));
        Ok(self.sorted())
    }

    /// Adds suffixes of other servers, which are understood and never written. Defaults to
    /// none.
    ///
    /// A suffix is punctuation and the name of a coding, such as `--gzip` or `;gzip`.
    ///
    /// # Errors
    ///
    /// Returns an error for any other text, and for a quote.
    pub fn tolerate<N: AsRef<str>>(
        mut self,
        suffixes: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        for suffix in suffixes {
            let text = suffix.as_ref();
            let name = text.trim_start_matches(|c: char| c.is_ascii_punctuation() && c != '"');
            let coding = coding_name(name).filter(|_| name.len() < text.len());
            let coding = coding.ok_or_else(|| InvalidContentCoding::Suffix(text.into()))?;
            self.suffixes
                .push(CodingSuffix::foreign(text.to_owned(), coding));
        }
        Ok(self.sorted())
    }

    /// Makes the tags of coded content weak, instead of adding suffixes. Off by default.
    #[must_use]
    pub fn weaken(mut self) -> Self {
        self.weak = true;
        self
    }

    fn suffixes(&self) -> &[CodingSuffix] {
        &self.suffixes
    }

    /// Returns the suffix for a member of `Content-Encoding`, in two parts. Returns `None` for
    /// an unknown coding or dictionary.
    fn suffix_of<'a>(
        &'a self,
        coding: &[u8],
        dictionary: Option<&'a DictionaryHash>,
    ) -> Option<[&'a [u8]; 2]> {
        let name = canonical(coding);
        let suffix = self.suffixes.iter().find(|suffix| {
            suffix.is_own() && suffix.coding().as_bytes().eq_ignore_ascii_case(name)
        })?;
        let dictionary = if suffix.uses_dictionary() {
            dictionary?.as_bytes()
        } else {
            b""
        };
        Some([suffix.text(), dictionary])
    }

    /// Removes all suffixes at the end of an opaque text, and calls `each` with them, the last
    /// one first. Returns `None` if there is no suffix.
    fn strip<'t>(
        &self,
        mut opaque: &'t [u8],
        mut each: impl FnMut(SuffixMatch),
    ) -> Option<&'t [u8]> {
        let before = opaque.len();
        while let Some((found, rest)) = self.strip_last(opaque) {
            each(found);
            opaque = rest;
        }
        (opaque.len() < before).then_some(opaque)
    }

    /// Returns `true` if an opaque text ends with the suffix of a coding.
    fn looks_coded(&self, opaque: &[u8]) -> bool {
        self.strip_last(opaque).is_some()
    }

    fn strip_last<'t>(&self, opaque: &'t [u8]) -> Option<(SuffixMatch, &'t [u8])> {
        self.suffixes.iter().enumerate().find_map(|(at, suffix)| {
            let (rest, dictionary) = suffix.strip(opaque)?;
            Some((SuffixMatch { at, dictionary }, rest))
        })
    }

    /// Sorts the suffixes by length. Of two with the same text, our own comes first.
    fn sorted(mut self) -> Self {
        self.suffixes
            .sort_by_key(|suffix| (Reverse(suffix.length()), !suffix.is_own()));
        self.uses_dictionary = self.suffixes.iter().any(CodingSuffix::uses_dictionary);
        self
    }
}

/// Returns the name of a coding as in its suffix, or `None` if it is not valid.
fn coding_name(name: &str) -> Option<String> {
    if name.is_empty() || !name.bytes().all(is_tchar) {
        return None;
    }
    let name = String::from_utf8_lossy(canonical(name.as_bytes())).to_ascii_lowercase();
    (name != "*" && name != "identity").then_some(name)
}

/// An error returned by [`CodingTagLayer`](crate::CodingTagLayer).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidContentCoding {
    /// This name is not a token, or is `*` or `identity`.
    Name(Box<str>),
    /// This suffix is not punctuation and the name of a content coding.
    Suffix(Box<str>),
}

impl fmt::Display for InvalidContentCoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "invalid content coding {name:?}: it is a token other than \"*\" and \"identity\""
            ),
            Self::Suffix(suffix) => write!(
                f,
                "invalid suffix {suffix:?}: it is punctuation without quotes, then the name of a content coding"
            ),
        }
    }
}

impl Error for InvalidContentCoding {}
