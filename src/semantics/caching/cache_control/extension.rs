use std::{
    fmt,
    hash::{Hash, Hasher},
};

use super::{
    InvalidCachePolicy,
    directive::{Argument, Directive, hides_lifetime},
};
use crate::semantics::field::list::is_tchar;

/// A directive that this crate does not know (RFC 9111, section 5.2.3), kept as
/// it came.
#[derive(Clone)]
pub struct Extension {
    /// The name, and what follows it. Bytes beyond ASCII may stand in quotes.
    text: Box<[u8]>,
    name: usize,
    /// Whether it was meant, and not only found in a field.
    deliberate: bool,
}

impl Extension {
    /// A directive without an argument, or with one, which is quoted where it
    /// has to be.
    ///
    /// # Errors
    ///
    /// Refuses a name that is no token (RFC 9110, section 5.6.2) or that of a
    /// directive with a method of its own, and control characters in the
    /// argument. Also refuses a text in which a lifetime stands, such as
    /// `x-max-age=5`: some caches take it for `max-age=5`.
    pub fn new(name: &str, argument: Option<&str>) -> Result<Self, InvalidCachePolicy> {
        let mut known = super::Known::NOTHING;
        let directive = Directive {
            name: name.as_bytes(),
            argument: Argument::None,
            raw: name.as_bytes(),
            hides_lifetime: None,
        };
        if name.is_empty() || !name.bytes().all(is_tchar) || known.read(&directive).is_some() {
            return Err(InvalidCachePolicy::Extension);
        }
        let mut text = name.as_bytes().to_vec();
        if let Some(argument) = argument {
            if argument.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(InvalidCachePolicy::Extension);
            }
            text.push(b'=');
            if !argument.is_empty() && argument.bytes().all(is_tchar) {
                text.extend_from_slice(argument.as_bytes());
            } else {
                quote(argument.as_bytes(), &mut text);
            }
        }
        if hides_lifetime(&text) {
            return Err(InvalidCachePolicy::Extension);
        }
        Ok(Self {
            text: text.into(),
            name: name.len(),
            deliberate: true,
        })
    }

    /// `None` if it is malformed: written again, it might change its neighbours.
    /// Nor if some caches read a lifetime in it.
    pub(super) fn read(directive: &Directive<'_>) -> Option<Self> {
        let keeps = directive.is_sound() && !directive.hides_lifetime();
        keeps.then(|| Self {
            text: directive.raw.into(),
            name: directive.name.len(),
            deliberate: false,
        })
    }

    /// The same, of a name that a configuration allows.
    pub(super) fn allowed(self) -> Self {
        Self {
            deliberate: true,
            ..self
        }
    }

    pub(super) fn is_deliberate(&self) -> bool {
        self.deliberate
    }

    /// The name, in the case in which it came.
    #[must_use]
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.text[..self.name]).expect("a token")
    }

    /// What stands behind the `=`, quotes included.
    #[must_use]
    pub fn argument(&self) -> Option<&[u8]> {
        self.text.get(self.name + 1..)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// As a member of a Structured Fields Dictionary: integers and tokens as
    /// they are, anything else as a string. `None` where the name cannot be a
    /// key, or the text not a string.
    pub(super) fn to_member(&self) -> Option<Vec<u8>> {
        let mut member = self.name().to_ascii_lowercase().into_bytes();
        let starts = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'*';
        let goes_on = |byte: &u8| starts(byte) || byte.is_ascii_digit() || b"_-.".contains(byte);
        if !member.first().is_some_and(starts) || !member.iter().all(goes_on) {
            return None;
        }
        let Some(argument) = self.argument() else {
            return Some(member);
        };
        member.push(b'=');
        let integer = argument.len() <= 15 && argument.iter().all(u8::is_ascii_digit);
        let token = argument.iter().all(|byte| is_tchar(*byte))
            && argument
                .first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'*');
        if integer || token {
            member.extend_from_slice(argument);
        } else {
            let text = unquote(argument);
            if !text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
                return None;
            }
            quote(&text, &mut member);
        }
        Some(member)
    }
}

pub(super) fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn unquote(argument: &[u8]) -> Vec<u8> {
    let Some([text @ .., _]) = argument.strip_prefix(b"\"") else {
        return argument.to_vec();
    };
    let mut bytes = text.iter();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let byte = if *byte == b'\\' {
            bytes.next()
        } else {
            Some(byte)
        };
        plain.extend(byte);
    }
    plain
}

impl PartialEq for Extension {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Extension {}

impl Hash for Extension {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({self})")
    }
}
