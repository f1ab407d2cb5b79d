//! Formatting of [`CacheControl`] as a header value.

use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::{CacheControl, DirectiveScope, Extension, Syntax};

impl CacheControl {
    /// Returns the header value, or `None` if there is no directive.
    pub(crate) fn to_value(&self, syntax: Syntax) -> Option<HeaderValue> {
        // The length is measured first, so the value is the only allocation.
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
        let mut writer = DirectiveWriter {
            put,
            has_written: false,
        };
        writer.standard(self);
        for extension in &self.extensions {
            writer.extension(extension, syntax);
        }
    }
}

/// A writer of a comma-separated list of directives.
struct DirectiveWriter<'a> {
    put: &'a mut dyn FnMut(&[u8]),
    has_written: bool,
}

impl DirectiveWriter<'_> {
    fn standard(&mut self, all: &CacheControl) {
        let directives = all.directives;
        self.flag(directives.must_understand, "must-understand");
        self.flag(directives.no_store, "no-store");
        self.scoped("no-cache", directives.no_cache, &all.no_cache_fields);
        self.scoped("private", directives.private, &all.private_fields);
        self.flag(directives.public, "public");
        self.seconds("max-age", directives.max_age);
        self.seconds("s-maxage", directives.s_maxage);
        self.flag(directives.must_revalidate, "must-revalidate");
        self.flag(directives.proxy_revalidate, "proxy-revalidate");
        self.flag(directives.immutable, "immutable");
        self.seconds("stale-while-revalidate", directives.stale_while_revalidate);
        self.seconds("stale-if-error", directives.stale_if_error);
        self.flag(directives.no_transform, "no-transform");
    }

    fn push(&mut self, directive: &[u8]) {
        if self.has_written {
            (self.put)(b", ");
        }
        self.has_written = true;
        (self.put)(directive);
    }

    fn flag(&mut self, present: bool, name: &str) {
        if present {
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

    fn scoped(&mut self, name: &str, scope: DirectiveScope, fields: &[HeaderName]) {
        self.flag(scope != DirectiveScope::Nothing, name);
        if scope == DirectiveScope::Fields {
            // The list is always quoted, even one name (RFC 9111, section 5.2.2.4).
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
            // One member that is not valid would invalidate the whole Dictionary.
            Syntax::Targeted => {
                if let Some(member) = extension.to_dictionary_member() {
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
