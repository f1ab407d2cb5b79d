//! Directives as text.

use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::{CacheControl, Extension, Scope, Syntax};

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
