//! Directives as text.

use std::{error::Error, fmt, str::FromStr};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::{
    CacheControl, Contradiction, Extension, Scope,
    directive::{Argument, directives},
    known::fields,
    seconds,
};
use crate::semantics::list::members;

/// Where directives stand: what an extension's argument looks like depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// `Cache-Control`.
    CacheControl,
    /// A Structured Fields Dictionary (RFC 9213, section 2.1).
    Targeted,
}

impl CacheControl {
    /// The value of the field; `None` if there is nothing to say.
    pub(crate) fn to_value(&self, syntax: Syntax) -> Option<HeaderValue> {
        // Measured first, so that the value is the one allocation.
        let mut length = 0;
        self.write(syntax, &mut |piece| length += piece.len());
        let mut line = Vec::with_capacity(length);
        self.write(syntax, &mut |piece| line.extend_from_slice(piece));
        (length > 0).then(|| {
            HeaderValue::from_maybe_shared(Bytes::from(line))
                .expect("directives are visible, or in quotes")
        })
    }

    fn write(&self, syntax: Syntax, put: &mut dyn FnMut(&[u8])) {
        let mut line = Line {
            put,
            started: false,
        };
        line.known(self);
        for extension in &self.extensions {
            line.extension(extension, syntax);
        }
    }
}

struct Line<'a> {
    put: &'a mut dyn FnMut(&[u8]),
    started: bool,
}

impl Line<'_> {
    fn known(&mut self, of: &CacheControl) {
        let known = of.known;
        self.flag(known.must_understand, "must-understand");
        self.flag(known.no_store, "no-store");
        self.scoped("no-cache", known.no_cache, &of.no_cache_fields);
        self.scoped("private", known.private, &of.private_fields);
        self.flag(known.public, "public");
        self.seconds("max-age", known.max_age);
        self.seconds("s-maxage", known.s_maxage);
        self.flag(known.must_revalidate, "must-revalidate");
        self.flag(known.proxy_revalidate, "proxy-revalidate");
        self.flag(known.immutable, "immutable");
        self.seconds("stale-while-revalidate", known.stale_while_revalidate);
        self.seconds("stale-if-error", known.stale_if_error);
        self.flag(known.no_transform, "no-transform");
    }

    fn push(&mut self, directive: &[u8]) {
        if self.started {
            (self.put)(b", ");
        }
        self.started = true;
        (self.put)(directive);
    }

    fn flag(&mut self, there: bool, name: &str) {
        if there {
            self.push(name.as_bytes());
        }
    }

    fn seconds(&mut self, name: &str, seconds: Option<u32>) {
        if let Some(seconds) = seconds {
            self.push(name.as_bytes());
            (self.put)(b"=");
            let digits = seconds.checked_ilog10().unwrap_or(0) + 1;
            for power in (0..digits).rev() {
                let digit = seconds / 10_u32.pow(power) % 10;
                (self.put)(&[b'0' + digit as u8]);
            }
        }
    }

    fn scoped(&mut self, name: &str, scope: Scope, fields: &[HeaderName]) {
        self.flag(scope != Scope::Nothing, name);
        if scope == Scope::Fields {
            // Never as a token (RFC 9111, section 5.2.2.4).
            (self.put)(b"=\"");
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    (self.put)(b", ");
                }
                (self.put)(field.as_ref());
            }
            (self.put)(b"\"");
        }
    }

    fn extension(&mut self, extension: &Extension, syntax: Syntax) {
        match syntax {
            Syntax::CacheControl => self.push(extension.as_bytes()),
            Syntax::Targeted => {
                if let Some(member) = extension.to_member() {
                    self.push(&member);
                }
            }
        }
    }
}

impl fmt::Display for CacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_value(Syntax::CacheControl);
        let bytes = value.as_ref().map_or(&b""[..], HeaderValue::as_bytes);
        f.write_str(&String::from_utf8_lossy(bytes))
    }
}

/// A text that is no `Cache-Control`, or contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCacheControl {
    /// This directive has no valid name or argument, or stands twice.
    Directive(String),
    /// The directives do not go together.
    Contradiction(Contradiction),
}

impl FromStr for CacheControl {
    type Err = InvalidCacheControl;

    /// Reads a configuration. What [`of`](Self::of) would put right, and what
    /// does not go together, is an error here.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = Self::of_lines([&strict_line(text, is_strict)?]);
        read.check().map_err(InvalidCacheControl::Contradiction)?;
        Ok(read)
    }
}

/// `text` as a field, if each directive in it is valid and there only once.
pub(super) fn strict_line(
    text: &str,
    is_valid: fn(&[u8], Argument<'_>) -> bool,
) -> Result<HeaderValue, InvalidCacheControl> {
    let invalid = |directive: &[u8]| {
        InvalidCacheControl::Directive(String::from_utf8_lossy(directive).into_owned())
    };
    let line = HeaderValue::from_str(text).map_err(|_| invalid(text.as_bytes()))?;
    let mut names: Vec<&[u8]> = Vec::new();
    for directive in directives([&line]) {
        let twice = names.iter().any(|name| directive.is(name));
        if twice || !is_valid(directive.name, directive.argument) {
            return Err(invalid(directive.raw));
        }
        names.push(directive.name);
    }
    // What has no name is no directive.
    if members([&line]).count() != names.len() {
        return Err(invalid(text.as_bytes()));
    }
    Ok(line)
}

fn is_strict(name: &[u8], argument: Argument<'_>) -> bool {
    match name.to_ascii_lowercase().as_slice() {
        b"no-cache" | b"private" => argument == Argument::None || fields(argument).is_some(),
        b"max-age" | b"s-maxage" | b"stale-while-revalidate" | b"stale-if-error" => {
            seconds::read(argument).is_some()
        }
        b"no-store" | b"must-understand" | b"public" | b"must-revalidate" | b"proxy-revalidate"
        | b"no-transform" | b"immutable" => argument == Argument::None,
        _ => argument != Argument::Malformed,
    }
}

impl fmt::Display for InvalidCacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directive(directive) => write!(f, "{directive:?} is no directive"),
            Self::Contradiction(contradiction) => contradiction.fmt(f),
        }
    }
}

impl Error for InvalidCacheControl {}

/// As text, so that a configuration reads as the field does.
#[cfg(feature = "serde")]
mod configuration {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    use super::super::{CacheControl, RequestCacheControl};

    impl Serialize for CacheControl {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for CacheControl {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        }
    }

    impl Serialize for RequestCacheControl {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for RequestCacheControl {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        }
    }
}
