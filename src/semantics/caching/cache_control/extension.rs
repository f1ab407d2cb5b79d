use std::{
    fmt,
    hash::{Hash, Hasher},
};

use super::{
    Directives, InvalidCachePolicy,
    raw_directive::{Argument, RawDirective, hides_lifetime},
};
use crate::semantics::field::list::is_tchar;

/// A directive that is not a standard one (RFC 9111, section 5.2.3), kept unchanged.
#[derive(Clone)]
pub struct Extension {
    /// The name and the argument. Quoted text may contain bytes beyond ASCII.
    text: Box<[u8]>,
    name_length: usize,
    /// `true` if a configuration contains or allows it. Others come from headers.
    configured: bool,
}

impl Extension {
    /// Creates a directive with an optional argument, which is quoted if necessary.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is not a token (RFC 9110, section 5.6.2), or is that of a
    /// standard directive. The argument must not contain control characters. The text must not
    /// contain a lifetime, such as `x-max-age=5`: some caches take it for `max-age=5`.
    pub fn new(name: &str, argument: Option<&str>) -> Result<Self, InvalidCachePolicy> {
        let invalid = || {
            let argument = argument.map_or(String::new(), |argument| format!("={argument}"));
            InvalidCachePolicy::Extension(format!("{name}{argument}"))
        };
        let mut standard = Directives::NONE;
        let directive = RawDirective {
            name: name.as_bytes(),
            argument: Argument::None,
            raw: name.as_bytes(),
            hides_lifetime: None,
        };
        if name.is_empty() || !name.bytes().all(is_tchar) || standard.add(&directive).is_some() {
            return Err(invalid());
        }
        let mut text = name.as_bytes().to_vec();
        if let Some(argument) = argument {
            if argument.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(invalid());
            }
            text.push(b'=');
            if !argument.is_empty() && argument.bytes().all(is_tchar) {
                text.extend_from_slice(argument.as_bytes());
            } else {
                quote(argument.as_bytes(), &mut text);
            }
        }
        if hides_lifetime(&text) {
            return Err(invalid());
        }
        Ok(Self {
            text: text.into(),
            name_length: name.len(),
            configured: true,
        })
    }

    /// Keeps a directive from a header.
    ///
    /// Returns `None` if it is malformed, since it might change the directives next to it when
    /// it is written again. Returns `None` as well if some caches read a lifetime in it.
    pub(super) fn from_raw(directive: &RawDirective<'_>) -> Option<Self> {
        let keep = directive.is_well_formed() && !directive.hides_lifetime();
        keep.then(|| Self {
            text: directive.raw.into(),
            name_length: directive.name.len(),
            configured: false,
        })
    }

    /// Marks the extension as allowed by a configuration.
    pub(super) fn into_configured(self) -> Self {
        Self {
            configured: true,
            ..self
        }
    }

    pub(super) fn is_configured(&self) -> bool {
        self.configured
    }

    /// Returns the name in its original case.
    #[must_use]
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.text[..self.name_length]).expect("a token")
    }

    /// Returns the text after the `=`, including quotes.
    #[must_use]
    pub fn argument(&self) -> Option<&[u8]> {
        self.text.get(self.name_length + 1..)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Converts the directive to a member of a Structured Fields Dictionary.
    ///
    /// Integers and tokens stay as they are, and any other argument becomes a string. Returns
    /// `None` if the name cannot be a key, or the argument not a string (RFC 9651, sections
    /// 3.1.2 and 3.3).
    pub(super) fn to_dictionary_member(&self) -> Option<Vec<u8>> {
        let mut member = self.name().to_ascii_lowercase().into_bytes();
        let is_start = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'*';
        let is_key = |byte: &u8| is_start(byte) || byte.is_ascii_digit() || b"_-.".contains(byte);
        if !member.first().is_some_and(is_start) || !member.iter().all(is_key) {
            return None;
        }
        let Some(argument) = self.argument() else {
            return Some(member);
        };
        member.push(b'=');
        // An integer has at most 15 digits, and a token starts with a letter or `*`.
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

/// Appends the text in quotes, with a backslash before each quote and backslash.
fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// Removes the quotes and backslashes of a quoted argument.
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
