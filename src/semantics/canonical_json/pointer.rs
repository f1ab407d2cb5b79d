//! JSON Pointers (RFC 6901), with `*` for each element of an array.

use std::{error::Error, fmt};

/// The path to members of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MemberPointer {
    text: String,
    tokens: Vec<ReferenceToken>,
}

/// One level of a path: the name of a member, and an element or all elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReferenceToken {
    pub(super) name: String,
    pub(super) element: ElementChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementChoice {
    None,
    One(usize),
    All,
}

/// An error returned if a JSON Pointer names no member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPointer {
    pointer: String,
    reason: &'static str,
}

impl fmt::Display for InvalidPointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "invalid pointer {:?}: {}",
            self.pointer, self.reason
        )
    }
}

impl Error for InvalidPointer {}

impl MemberPointer {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidPointer> {
        let invalid = |reason| invalid_pointer(text, reason);
        if text.is_empty() {
            return Err(invalid(
                "it is the whole document: name a member, as in \"/name\"",
            ));
        }
        let Some(path) = text.strip_prefix('/') else {
            return Err(invalid(
                "a pointer starts with \"/\", as in \"/meta/request_id\"",
            ));
        };
        let tokens: Option<Vec<_>> = path.split('/').map(ReferenceToken::parse).collect();
        let Some(tokens) = tokens else {
            return Err(invalid(
                "in a name, \"~\" is written \"~0\", and \"/\" is written \"~1\"",
            ));
        };
        if tokens.last().is_some_and(|token| token.name == "*") {
            return Err(invalid(
                "only members of objects can be left out: name one, as in \"/items/*/seen\"",
            ));
        }
        let text = text.to_owned();
        Ok(Self { text, tokens })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn tokens(&self) -> &[ReferenceToken] {
        &self.tokens
    }

    /// Returns `true` if this pointer names the other's member, or a value around it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        other.tokens.starts_with(&self.tokens)
    }

    pub(super) fn covered_by_another(&self) -> InvalidPointer {
        invalid_pointer(
            &self.text,
            "another pointer leaves this member out: remove one of them",
        )
    }
}

fn invalid_pointer(text: &str, reason: &'static str) -> InvalidPointer {
    let pointer = text.to_owned();
    InvalidPointer { pointer, reason }
}

impl ReferenceToken {
    /// Reads a token (RFC 6901, section 4). Returns `None` if a tilde has another digit than 0 or 1.
    fn parse(token: &str) -> Option<Self> {
        let mut parts = token.split('~');
        let mut name = parts.next()?.to_owned();
        for part in parts {
            name.push(match part.as_bytes().first()? {
                b'0' => '~',
                b'1' => '/',
                _ => return None,
            });
            name.push_str(&part[1..]);
        }
        let element = match name.as_str() {
            "*" => ElementChoice::All,
            // An index has no leading zero, and no sign.
            "0" => ElementChoice::One(0),
            digits if digits.starts_with(|first| matches!(first, '1'..='9')) => digits
                .parse()
                .map_or(ElementChoice::None, ElementChoice::One),
            _ => ElementChoice::None,
        };
        Some(Self { name, element })
    }
}
