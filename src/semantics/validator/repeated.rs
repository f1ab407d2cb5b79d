//! Headers of a 200 that a 304 repeats (RFC 9110, section 15.4.5).

use std::sync::Arc;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_LOCATION, EXPIRES, VARY},
};

use crate::semantics::{
    caching::cache_control::{CacheControl, Syntax},
    field::{HttpDate, lines, vary},
};

/// The `Cache-Control`, `Content-Location`, `Expires` and `Vary` of a 200.
///
/// A 304 must repeat them (RFC 9110, section 15.4.5). A 304 that is made before the handler
/// runs cannot copy them from the handler's response. So a source returns them with its
/// validators:
///
/// ```
/// use http::header;
/// use tower_conditional::{validator::RepeatedFields, Validators, VersionTags};
///
/// let fields = RepeatedFields::new().with_vary([header::ACCEPT_LANGUAGE]);
/// let current = Validators::from(VersionTags::plain().number(7)).with_repeated(fields);
/// # let _ = current;
/// ```
///
/// Clones share the headers, so a constant value costs a reference count for each response.
/// `Date` comes from the server or from [`CachePolicyLayer`](crate::CachePolicyLayer), `ETag`
/// from the validators.
#[derive(Debug, Clone, Default)]
pub struct RepeatedFields(Option<Arc<HeaderMap>>);

impl RepeatedFields {
    /// Creates a value without any header.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Sets `Cache-Control`. Defaults to no header.
    #[must_use]
    pub fn with_cache_control(self, directives: &CacheControl) -> Self {
        match directives.to_value(Syntax::CacheControl) {
            Some(value) => self.with(CACHE_CONTROL, value),
            None => self,
        }
    }

    /// Sets `Content-Location`, a URI reference (RFC 9110, section 8.7). Defaults to no header.
    #[must_use]
    pub fn with_content_location(self, location: HeaderValue) -> Self {
        self.with(CONTENT_LOCATION, location)
    }

    /// Sets `Expires`. Defaults to no header.
    #[must_use]
    pub fn with_expires(self, expires: impl Into<HttpDate>) -> Self {
        let expires: HttpDate = expires.into();
        self.with(EXPIRES, expires.into())
    }

    /// Adds request headers that select the representation to `Vary`. Defaults to no header.
    #[must_use]
    pub fn with_vary(
        mut self,
        names: impl IntoIterator<Item = HeaderName, IntoIter: Clone>,
    ) -> Self {
        vary::merge(self.fields_mut(), names);
        self
    }

    /// Returns the headers of a 200 as they are, with all their lines.
    #[cfg(feature = "tokio")]
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let mut repeated = Self::new();
        for (name, value) in headers {
            if matches!(*name, CACHE_CONTROL | CONTENT_LOCATION | EXPIRES | VARY) {
                repeated.append(name.clone(), value.clone());
            }
        }
        repeated
    }

    /// Returns `true` if there is no header.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|fields| fields.is_empty())
    }

    /// Returns the values of one header.
    #[cfg(feature = "tokio")]
    pub(crate) fn values(&self, name: &HeaderName) -> impl Iterator<Item = &HeaderValue> {
        self.0.iter().flat_map(move |fields| fields.get_all(name))
    }

    /// Adds a value of a header.
    #[cfg(feature = "tokio")]
    pub(crate) fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.fields_mut().append(name, value);
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields_mut().insert(name, value);
        self
    }

    fn fields_mut(&mut self) -> &mut HeaderMap {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// Adds the headers of `other` that are missing here. `Vary` becomes the union.
    #[must_use]
    pub(crate) fn or(mut self, other: &Self) -> Self {
        match (&mut self.0, &other.0) {
            (_, None) => {}
            (None, Some(_)) => self.0.clone_from(&other.0),
            (Some(fields), Some(_)) => other.write_to(Arc::make_mut(fields)),
        }
        self
    }

    /// Adds the headers that are missing in `headers`, with all their lines. `Vary` becomes the
    /// union.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        let Some(repeated) = &self.0 else { return };
        let mut added = None;
        // The lines of one header follow each other.
        for (name, value) in &**repeated {
            if added == Some(name) || !lines::has(headers, name) {
                headers.append(name, value.clone());
                added = Some(name);
            } else if *name == VARY {
                let names: Vec<_> = vary::names(repeated).collect();
                vary::merge(headers, names);
            }
        }
    }
}
