//! From a head to [`CacheControl`].

use http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};

use super::{
    CacheControl, Extension, Known, Scope,
    directive::{Directive, directives},
    known::fields,
};

impl CacheControl {
    /// What `Cache-Control` says, over all its lines.
    ///
    /// Names count in any case, arguments with quotes and without. Of several
    /// lifetimes or windows the shortest counts. A lifetime that is no number
    /// has run out (RFC 9111, section 4.2.1), a window that is none is lost,
    /// and so is a `public` or `must-understand` with an argument; a restriction
    /// with one counts all the same. Behind a quote that is never closed only
    /// restrictions count.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self::of_field(headers, &CACHE_CONTROL)
    }

    /// The same for another field with these directives, such as
    /// `CDN-Cache-Control`.
    #[must_use]
    pub fn of_field(headers: &HeaderMap, field: &HeaderName) -> Self {
        Self::of_lines(headers.get_all(field))
    }

    pub(super) fn of_lines<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let mut read = Self::new();
        for directive in directives(lines) {
            if read.known.read(&directive) {
                read.add_fields(&directive);
            } else {
                read.extensions.extend(Extension::read(&directive));
            }
        }
        if read.known.no_cache != Scope::Fields {
            read.no_cache_fields.clear();
        }
        if read.known.private != Scope::Fields {
            read.private_fields.clear();
        }
        read
    }

    fn add_fields(&mut self, directive: &Directive<'_>) {
        let names = if directive.is("no-cache") {
            &mut self.no_cache_fields
        } else if directive.is("private") {
            &mut self.private_fields
        } else {
            return;
        };
        for field in fields(directive.argument).into_iter().flatten() {
            // A token is a field name, if not too long for one.
            if let Ok(name) = HeaderName::from_bytes(field.as_bytes())
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }

    /// Whether nothing stands here but what [`Known`] holds.
    pub(crate) fn is_plain(&self) -> bool {
        self.no_cache_fields.is_empty()
            && self.private_fields.is_empty()
            && self.extensions.is_empty()
    }

    /// Whether a Structured Fields Dictionary can have all of it.
    pub(crate) fn is_dictionary(&self) -> bool {
        let mut extensions = self.extensions.iter();
        extensions.all(|extension| extension.to_member().is_some())
    }

    pub(crate) fn known(&self) -> Known {
        self.known
    }

    pub(crate) fn with_known(self, known: Known) -> Self {
        Self { known, ..self }
    }
}
