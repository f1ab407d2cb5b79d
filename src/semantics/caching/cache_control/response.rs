use std::time::Duration;

use http::HeaderName;

use super::{DirectiveScope, Directives, Extension, seconds, whole_seconds};

/// The cache directives of a response (RFC 9111, section 5.2.2) or of a targeted header (RFC 9213).
///
/// Times are whole seconds, at most 2³¹. Fractions are dropped. [`check`](Self::check) finds
/// directives that contradict each other. For the directives of a request, see
/// [`RequestCacheControl`](super::RequestCacheControl).
///
/// Parsing a header with [`of`](Self::of) never fails. An invalid value loses its directive or
/// makes it stricter, so the result is never laxer than intended.
///
/// Parsing a configuration with [`FromStr`](std::str::FromStr) returns an error for the same
/// mistakes, and for unknown directives. Extensions must be allowed by name, with [`Extension`]
/// or [`CacheControl::parse_with_extensions`].
///
/// ```
/// use std::time::Duration;
/// use http::{HeaderMap, HeaderValue, header};
/// use tower_conditional::cache_policy::{CacheControl, DirectiveConflict};
///
/// const LIST: CacheControl = CacheControl::new()
///     .with_max_age(Duration::from_secs(60))
///     .with_stale_while_revalidate(Duration::from_secs(30))
///     .checked();
/// assert_eq!(LIST.to_string(), "max-age=60, stale-while-revalidate=30");
///
/// let mixed = LIST.with_no_store();
/// assert_eq!(mixed.check(), Err(DirectiveConflict::NoStoreWithLifetime));
///
/// let mut headers = HeaderMap::new();
/// headers.append(header::CACHE_CONTROL, HeaderValue::from_static("Private, x=1"));
/// headers.append(header::CACHE_CONTROL, HeaderValue::from_static("MAX-AGE=\"5\""));
/// let parsed = CacheControl::of(&headers);
/// assert!(parsed.is_private());
/// assert_eq!(parsed.max_age(), Some(Duration::from_secs(5)));
/// assert_eq!(parsed.to_string(), "private, max-age=5, x=1");
/// ```
#[derive(Debug, Clone, Default)]
pub struct CacheControl {
    pub(super) directives: Directives,
    /// The headers of `no-cache`, valid only while its scope is some headers. A constant
    /// function cannot drop them when it changes the scope.
    pub(super) no_cache_fields: Vec<HeaderName>,
    /// The headers of `private`, likewise.
    pub(super) private_fields: Vec<HeaderName>,
    pub(super) extensions: Vec<Extension>,
}

impl CacheControl {
    /// Creates a value without directives.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            directives: Directives::NONE,
            no_cache_fields: Vec::new(),
            private_fields: Vec::new(),
            extensions: Vec::new(),
        }
    }

    /// Sets `max-age`, the time for which any cache may use the response without revalidation.
    /// Defaults to none.
    #[must_use]
    pub const fn with_max_age(mut self, lifetime: Duration) -> Self {
        self.directives.max_age = Some(whole_seconds(lifetime));
        self
    }

    /// Sets `s-maxage`, which replaces `max-age` in shared caches. Defaults to none.
    ///
    /// Shared caches then must not use the response stale. They may store it even if the request
    /// had `Authorization`.
    #[must_use]
    pub const fn with_s_maxage(mut self, lifetime: Duration) -> Self {
        self.directives.s_maxage = Some(whole_seconds(lifetime));
        self
    }

    /// Sets `stale-while-revalidate`, the time for which a stale response may be used while the
    /// cache revalidates it (RFC 5861, section 3). Defaults to none.
    #[must_use]
    pub const fn with_stale_while_revalidate(mut self, window: Duration) -> Self {
        self.directives.stale_while_revalidate = Some(whole_seconds(window));
        self
    }

    /// Sets `stale-if-error`, the time for which a stale response may be used if revalidation
    /// returns 500, 502, 503 or 504 (RFC 5861, section 4). Defaults to none.
    #[must_use]
    pub const fn with_stale_if_error(mut self, window: Duration) -> Self {
        self.directives.stale_if_error = Some(whole_seconds(window));
        self
    }

    /// Adds `no-cache`: caches may store the response, but must revalidate it before each use.
    #[must_use]
    pub const fn with_no_cache(mut self) -> Self {
        self.directives.no_cache = DirectiveScope::Everything;
        self
    }

    /// Adds `no-store`: caches must not store the response.
    #[must_use]
    pub const fn with_no_store(mut self) -> Self {
        self.directives.no_store = true;
        self
    }

    /// Adds `private`: shared caches must not store the response.
    #[must_use]
    pub const fn with_private(mut self) -> Self {
        self.directives.private = DirectiveScope::Everything;
        self
    }

    /// Adds `public`: any cache may store the response, even if the request had `Authorization`.
    #[must_use]
    pub const fn with_public(mut self) -> Self {
        self.directives.public = true;
        self
    }

    /// Adds `must-revalidate`: caches must not use the response stale, even if the origin is
    /// unavailable.
    #[must_use]
    pub const fn with_must_revalidate(mut self) -> Self {
        self.directives.must_revalidate = true;
        self
    }

    /// Adds `proxy-revalidate`, which is `must-revalidate` for shared caches only.
    #[must_use]
    pub const fn with_proxy_revalidate(mut self) -> Self {
        self.directives.proxy_revalidate = true;
        self
    }

    /// Adds `must-understand`: only caches that know the status code may store the response.
    ///
    /// Such caches ignore `no-store`. Add `no-store` too, for all other caches.
    #[must_use]
    pub const fn with_must_understand(mut self) -> Self {
        self.directives.must_understand = true;
        self
    }

    /// Adds `no-transform`: intermediaries must not change the content.
    #[must_use]
    pub const fn with_no_transform(mut self) -> Self {
        self.directives.no_transform = true;
        self
    }

    /// Adds `immutable`: the response does not change while it is fresh, so a reload does not
    /// revalidate it (RFC 8246).
    #[must_use]
    pub const fn with_immutable(mut self) -> Self {
        self.directives.immutable = true;
        self
    }

    /// Adds `no-cache` for these headers only. Without headers, it is the same as
    /// [`with_no_cache`](Self::with_no_cache).
    ///
    /// Many caches apply it to the whole response.
    #[must_use]
    pub fn with_no_cache_fields(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.no_cache_fields = fields.into_iter().collect();
        self.directives.no_cache = scope_of(&self.no_cache_fields);
        self
    }

    /// Adds `private` for these headers only. Without headers, it is the same as
    /// [`with_private`](Self::with_private).
    ///
    /// Caches implement it in different ways, so no secret should depend on it. Many apply it to
    /// the whole response.
    #[must_use]
    pub fn with_private_fields(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.private_fields = fields.into_iter().collect();
        self.directives.private = scope_of(&self.private_fields);
        self
    }

    /// Adds another directive. Caches that do not know it ignore it.
    #[must_use]
    pub fn with_extension(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Returns the time in `max-age`.
    #[must_use]
    pub const fn max_age(&self) -> Option<Duration> {
        seconds::to_duration(self.directives.max_age)
    }

    /// Returns the time in `s-maxage`.
    #[must_use]
    pub const fn s_maxage(&self) -> Option<Duration> {
        seconds::to_duration(self.directives.s_maxage)
    }

    /// Returns the time in `stale-while-revalidate`.
    #[must_use]
    pub const fn stale_while_revalidate(&self) -> Option<Duration> {
        seconds::to_duration(self.directives.stale_while_revalidate)
    }

    /// Returns the time in `stale-if-error`.
    #[must_use]
    pub const fn stale_if_error(&self) -> Option<Duration> {
        seconds::to_duration(self.directives.stale_if_error)
    }

    /// Returns `true` if `no-cache` is present and applies to the whole response.
    #[must_use]
    pub const fn is_no_cache(&self) -> bool {
        matches!(self.directives.no_cache, DirectiveScope::Everything)
    }

    /// Returns the headers of `no-cache` if it applies only to some.
    #[must_use]
    pub fn no_cache_fields(&self) -> &[HeaderName] {
        fields_in_scope(self.directives.no_cache, &self.no_cache_fields)
    }

    /// Returns `true` if `no-store` is present.
    #[must_use]
    pub const fn is_no_store(&self) -> bool {
        self.directives.no_store
    }

    /// Returns `true` if `private` is present and applies to the whole response.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        matches!(self.directives.private, DirectiveScope::Everything)
    }

    /// Returns the headers of `private` if it applies only to some.
    #[must_use]
    pub fn private_fields(&self) -> &[HeaderName] {
        fields_in_scope(self.directives.private, &self.private_fields)
    }

    /// Returns `true` if `public` is present.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.directives.public
    }

    /// Returns `true` if `must-revalidate` is present.
    #[must_use]
    pub const fn is_must_revalidate(&self) -> bool {
        self.directives.must_revalidate
    }

    /// Returns `true` if `proxy-revalidate` is present.
    #[must_use]
    pub const fn is_proxy_revalidate(&self) -> bool {
        self.directives.proxy_revalidate
    }

    /// Returns `true` if `must-understand` is present.
    #[must_use]
    pub const fn is_must_understand(&self) -> bool {
        self.directives.must_understand
    }

    /// Returns `true` if `no-transform` is present.
    #[must_use]
    pub const fn is_no_transform(&self) -> bool {
        self.directives.no_transform
    }

    /// Returns `true` if `immutable` is present.
    #[must_use]
    pub const fn is_immutable(&self) -> bool {
        self.directives.immutable
    }

    /// Returns the other directives, in their order.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// Returns `true` if there is no directive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::new()
    }
}

fn scope_of(fields: &[HeaderName]) -> DirectiveScope {
    if fields.is_empty() {
        DirectiveScope::Everything
    } else {
        DirectiveScope::Fields
    }
}

/// Returns the headers if the scope is some headers.
fn fields_in_scope(scope: DirectiveScope, fields: &[HeaderName]) -> &[HeaderName] {
    match scope {
        DirectiveScope::Fields => fields,
        DirectiveScope::Nothing | DirectiveScope::Everything => &[],
    }
}

impl PartialEq for CacheControl {
    fn eq(&self, other: &Self) -> bool {
        self.directives == other.directives
            && self.no_cache_fields() == other.no_cache_fields()
            && self.private_fields() == other.private_fields()
            && self.extensions == other.extensions
    }
}

impl Eq for CacheControl {}
