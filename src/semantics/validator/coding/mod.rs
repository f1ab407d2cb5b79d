//! One strong entity tag per content coding (RFC 9110, section 8.8.3.3): the
//! suffix of a coding and its inverse, on whole heads.

mod dictionary;
mod request;
mod response;
mod suffix;

use std::{cmp::Reverse, error::Error, fmt};

pub use self::request::Asked;
use self::{
    dictionary::Dictionary,
    suffix::{Found, Suffix},
};
pub(crate) use self::{request::is_conditional, response::may_be_validated};
use crate::semantics::field::{accept_encoding::canonical, list::is_tchar};

/// The codings that a layer inside may choose, and the suffixes that tell
/// their tags apart.
#[derive(Debug, Clone)]
pub struct TagCodings {
    /// Longest first, so that the most specific one is found.
    suffixes: Vec<Suffix>,
    /// The bytes of one of the codings depend on a dictionary.
    by_dictionary: bool,
    weak: bool,
}

impl TagCodings {
    /// These codings, those first that are chosen where a request wants two
    /// alike. The suffix of a coding is its name in lower case behind `-`, and
    /// for `dcb` and `dcz` (RFC 9842) another `-` and the first 22 characters of
    /// the dictionary in `Available-Dictionary`.
    ///
    /// # Errors
    ///
    /// Refuses what is no token (RFC 9110, section 5.6.2), `*` and `identity`.
    pub fn new<N: AsRef<str>>(
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        let none = Self {
            suffixes: Vec::new(),
            by_dictionary: false,
            weak: false,
        };
        none.codings(names)
    }

    /// Replaces the codings of [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// As `new`.
    pub fn codings<N: AsRef<str>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        let mut own: Vec<String> = Vec::new();
        for name in names {
            let name = coding_name(name.as_ref()).ok_or(InvalidContentCoding::Name)?;
            if !own.contains(&name) {
                own.push(name);
            }
        }
        self.suffixes.retain(|suffix| !suffix.is_own());
        let own = own.into_iter().rev().zip(1..);
        self.suffixes
            .extend(own.map(|(name, preference)| Suffix::own(name, preference)));
        Ok(self.sorted())
    }

    /// Understands suffixes that another server gives to its tags, and never
    /// makes them: punctuation and the name of a coding, as in `--gzip` or
    /// `;gzip`.
    ///
    /// # Errors
    ///
    /// Refuses any other text, and what cannot stand in an entity tag.
    pub fn tolerate<N: AsRef<str>>(
        mut self,
        suffixes: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        for suffix in suffixes {
            let text = suffix.as_ref();
            let name = text.trim_start_matches(|c: char| c.is_ascii_punctuation() && c != '"');
            let coding = coding_name(name).filter(|_| name.len() < text.len());
            let coding = coding.ok_or(InvalidContentCoding::Suffix)?;
            self.suffixes.push(Suffix::foreign(text.to_owned(), coding));
        }
        Ok(self.sorted())
    }

    /// Makes strong tags of coded content weak instead of suffixed.
    #[must_use]
    pub fn weaken(mut self) -> Self {
        self.weak = true;
        self
    }

    fn suffixes(&self) -> &[Suffix] {
        &self.suffixes
    }

    /// The suffix that a member of `Content-Encoding` gives, in two parts;
    /// `None` if it is none of the codings, or the dictionary is not known.
    fn suffix_of<'a>(
        &'a self,
        coding: &[u8],
        dictionary: Option<&'a Dictionary>,
    ) -> Option<[&'a [u8]; 2]> {
        let name = canonical(coding);
        let suffix = self.suffixes.iter().find(|suffix| {
            suffix.is_own() && suffix.coding().as_bytes().eq_ignore_ascii_case(name)
        })?;
        let dictionary = if suffix.by_dictionary() {
            dictionary?.as_bytes()
        } else {
            b""
        };
        Some([suffix.text(), dictionary])
    }

    /// An opaque text without the suffixes at its end, last one first.
    fn strip<'t>(&self, mut opaque: &'t [u8], mut each: impl FnMut(Found)) -> Option<&'t [u8]> {
        let before = opaque.len();
        while let Some((found, rest)) = self.strip_last(opaque) {
            each(found);
            opaque = rest;
        }
        (opaque.len() < before).then_some(opaque)
    }

    /// Returns `true` if an opaque text ends as if it stood for coded content.
    fn looks_coded(&self, opaque: &[u8]) -> bool {
        self.strip_last(opaque).is_some()
    }

    fn strip_last<'t>(&self, opaque: &'t [u8]) -> Option<(Found, &'t [u8])> {
        self.suffixes.iter().enumerate().find_map(|(at, suffix)| {
            let (rest, dictionary) = suffix.strip(opaque)?;
            Some((Found { at, dictionary }, rest))
        })
    }

    /// Of two with the same text the own one comes first.
    fn sorted(mut self) -> Self {
        self.suffixes
            .sort_by_key(|suffix| (Reverse(suffix.length()), !suffix.is_own()));
        self.by_dictionary = self.suffixes.iter().any(Suffix::by_dictionary);
        self
    }
}

/// The name of a coding as its suffix has it.
fn coding_name(name: &str) -> Option<String> {
    if name.is_empty() || !name.bytes().all(is_tchar) {
        return None;
    }
    let name = String::from_utf8_lossy(canonical(name.as_bytes())).to_ascii_lowercase();
    (name != "*" && name != "identity").then_some(name)
}

/// An error returned by [`CodingTagLayer`](crate::CodingTagLayer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidContentCoding {
    /// The name is no token, or is `*` or `identity`.
    Name,
    /// The suffix is not punctuation and the name of a content coding.
    Suffix,
}

impl fmt::Display for InvalidContentCoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a content coding is a token other than `*` and `identity`",
            Self::Suffix => {
                "a suffix is punctuation without quotes, then the name of a content coding"
            }
        })
    }
}

impl Error for InvalidContentCoding {}
