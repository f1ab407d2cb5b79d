//! Parsing of headers to [`CacheControl`].

use http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};

use super::{
    CacheControl, DirectiveScope, Directives, Extension, InvalidCachePolicy,
    directives::field_names,
    raw_directive::{RawDirective, raw_directives},
};

impl CacheControl {
    /// Parses all lines of `Cache-Control`. Never fails.
    ///
    /// Names match in any case, and arguments with or without quotes. Of several lifetimes or
    /// windows the shortest counts. An invalid number counts as 0 (RFC 9111, section 4.2.1).
    ///
    /// A mistake never makes the result laxer. `public` and `must-understand` are dropped if they
    /// have an argument, but a restriction counts even with one. A malformed member, such as one
    /// with an unclosed quote or a `;` in place of a comma, adds only the restrictions in it.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self::of_field(headers, &CACHE_CONTROL)
    }

    /// Parses another header with these directives, such as `CDN-Cache-Control`. Never fails.
    ///
    /// See [`of`](Self::of).
    #[must_use]
    pub fn of_field(headers: &HeaderMap, field: &HeaderName) -> Self {
        Self::of_lines(headers.get_all(field))
    }

    pub(crate) fn of_lines<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let mut parsed = Self::new();
        for directive in raw_directives(lines) {
            if parsed.directives.add(&directive).is_some() {
                parsed.add_field_names(&directive);
            } else {
                parsed.extensions.extend(Extension::from_raw(&directive));
            }
        }
        let directives = parsed.directives;
        parsed.with_directives(directives)
    }

    fn add_field_names(&mut self, directive: &RawDirective<'_>) {
        let names = if directive.is(b"no-cache") {
            &mut self.no_cache_fields
        } else if directive.is(b"private") {
            &mut self.private_fields
        } else {
            return;
        };
        let fields = field_names(directive.argument).into_iter().flatten();
        let name = |field: &str| HeaderName::from_bytes(field.as_bytes());
        names.extend(fields.map(|field| name(field).expect("a token, not too long")));
    }

    /// Returns `true` if [`Directives`] holds all of it: no header names and no extensions.
    pub(crate) fn fits_in_directives(&self) -> bool {
        self.no_cache_fields.is_empty()
            && self.private_fields.is_empty()
            && self.extensions.is_empty()
    }

    /// Checks that a Structured Fields Dictionary can hold all of it (RFC 9213, section 2.1).
    pub(crate) fn check_dictionary(&self) -> Result<(), InvalidCachePolicy> {
        let mut extensions = self.extensions.iter();
        match extensions.find(|extension| extension.to_dictionary_member().is_none()) {
            Some(extension) => Err(InvalidCachePolicy::Dictionary(extension.to_string())),
            None => Ok(()),
        }
    }

    pub(crate) fn directives(&self) -> Directives {
        self.directives
    }

    /// Replaces the standard directives. Header names are kept if the new scope needs them.
    pub(crate) fn with_directives(mut self, directives: Directives) -> Self {
        self.directives = directives;
        match_fields_to_scope(&mut self.directives.no_cache, &mut self.no_cache_fields);
        match_fields_to_scope(&mut self.directives.private, &mut self.private_fields);
        self
    }
}

/// Restores the invariant that header names are present if and only if the scope is some
/// headers.
fn match_fields_to_scope(scope: &mut DirectiveScope, fields: &mut Vec<HeaderName>) {
    match scope {
        // An empty list would restrict nothing, so the whole response is restricted.
        DirectiveScope::Fields if fields.is_empty() => *scope = DirectiveScope::Everything,
        DirectiveScope::Fields => {}
        DirectiveScope::Nothing | DirectiveScope::Everything => fields.clear(),
    }
}
