//! `Prefer: return=...` (RFC 7240, section 4.2).

use http::HeaderMap;

use super::{
    list::{members, trim_ows},
    names::PREFER,
};

/// The amount of content that a client prefers in a response to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // RFC 7240 defines no other value.
pub enum Return {
    /// `return=representation`: the current representation.
    Representation,
    /// `return=minimal`: as little content as possible.
    Minimal,
}

impl Return {
    /// Returns the preference of a request.
    ///
    /// Returns `None` if the request names both values, which are mutually exclusive.
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Option<Self> {
        let mut preferred = None;
        for preference in members(headers.get_all(PREFER)) {
            let Some(value) = parse_preference(preference) else {
                continue;
            };
            // The values are mutually exclusive, so neither is preferred (RFC 7240, section 4.2).
            if preferred.is_some_and(|other| other != value) {
                return None;
            }
            preferred = Some(value);
        }
        preferred
    }

    /// Returns the text of this preference in `Prefer` and `Preference-Applied`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Representation => "return=representation",
            Self::Minimal => "return=minimal",
        }
    }
}

fn parse_preference(preference: &[u8]) -> Option<Return> {
    // Parameters may follow. None is defined for `return`, so they are ignored.
    let preference = preference.split(|byte| *byte == b';').next()?;
    let at = preference.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (trim_ows(&preference[..at]), trim_ows(&preference[at + 1..]));
    if !name.eq_ignore_ascii_case(b"return") {
        return None;
    }
    let value = match value {
        [b'"', quoted @ .., b'"'] => quoted,
        token => token,
    };
    match value {
        b"representation" => Some(Return::Representation),
        b"minimal" => Some(Return::Minimal),
        _ => None,
    }
}
