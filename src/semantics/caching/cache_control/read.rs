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
    /// lifetimes or windows the shortest counts. One that is no number is 0
    /// (RFC 9111, section 4.2.1). A `public` or `must-understand` with an
    /// argument is lost; a restriction with one counts all the same. Where the
    /// form is broken, as by a quote that is never closed or a `;` in place of
    /// a comma, only restrictions count, wherever in it they stand.
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

    pub(crate) fn of_lines<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let mut read = Self::new();
        for directive in directives(lines) {
            if read.known.read(&directive).is_some() {
                read.add_fields(&directive);
            } else {
                read.extensions.extend(Extension::read(&directive));
            }
        }
        let known = read.known;
        read.with_known(known)
    }

    fn add_fields(&mut self, directive: &Directive<'_>) {
        let names = if directive.is(b"no-cache") {
            &mut self.no_cache_fields
        } else if directive.is(b"private") {
            &mut self.private_fields
        } else {
            return;
        };
        let fields = fields(directive.argument).into_iter().flatten();
        let name = |field: &str| HeaderName::from_bytes(field.as_bytes());
        names.extend(fields.map(|field| name(field).expect("a token, not too long")));
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

    /// Other directives, with the fields that are there.
    pub(crate) fn with_known(mut self, known: Known) -> Self {
        self.known = known;
        keep_fields(&mut self.known.no_cache, &mut self.no_cache_fields);
        keep_fields(&mut self.known.private, &mut self.private_fields);
        self
    }
}

/// Fields are there where the scope is some fields, and only there.
fn keep_fields(scope: &mut Scope, fields: &mut Vec<HeaderName>) {
    match scope {
        Scope::Fields if fields.is_empty() => *scope = Scope::Everything,
        Scope::Fields => {}
        Scope::Nothing | Scope::Everything => fields.clear(),
    }
}
