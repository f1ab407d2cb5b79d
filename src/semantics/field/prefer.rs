//! `Prefer: return=...` (RFC 7240, section 4.2).

use http::{HeaderMap, HeaderName};

use super::list::{members, trim_ows};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What a client wants back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // RFC 7240 has no other
pub enum Return {
    /// The representation as it is now.
    Representation,
    /// As little as possible.
    Minimal,
}

impl Return {
    /// What the request prefers; nothing where it says both, which are
    /// mutually exclusive.
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Option<Self> {
        let mut preferred = None;
        for preference in members(headers.get_all(PREFER)) {
            let Some(value) = read(preference) else {
                continue;
            };
            if preferred.is_some_and(|other| other != value) {
                return None;
            }
            preferred = Some(value);
        }
        preferred
    }

    /// As it stands in `Prefer` and in `Preference-Applied`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Representation => "return=representation",
            Self::Minimal => "return=minimal",
        }
    }
}

fn read(preference: &[u8]) -> Option<Return> {
    // Parameters may follow; `return` has none.
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
