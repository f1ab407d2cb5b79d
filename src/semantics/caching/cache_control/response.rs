use std::time::Duration;

use http::HeaderName;

use super::{Extension, Known, Scope, seconds};

/// The directives of a response (RFC 9111, section 5.2.2), or of a targeted
/// field (RFC 9213).
///
/// Times are whole seconds, at most 2³¹ of them; fractions are dropped. See
/// [`check`](Self::check) for what does not go together.
///
/// [`CacheControl`] is what a response says, [`RequestCacheControl`](super::RequestCacheControl)
/// what a request does. Both are read from whatever comes over the wire and never fail to be: a bad
/// value loses its directive, and loses it to the strict side, so that what is read is never laxer
/// than what was meant. As text in a configuration, through [`FromStr`](std::str::FromStr), the
/// same mistakes are errors, and so is a directive that is not known. Extensions are allowed by
/// name, through [`Extension`] or [`CacheControl::parse_with_extensions`].
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
/// let said = CacheControl::of(&headers);
/// assert!(said.is_private());
/// assert_eq!(said.max_age(), Some(Duration::from_secs(5)));
/// assert_eq!(said.to_string(), "private, max-age=5, x=1");
/// ```
#[derive(Debug, Clone, Default)]
pub struct CacheControl {
    pub(super) known: Known,
    /// They count only where the scope of `no-cache` is some fields: a constant
    /// cannot drop them when it becomes another.
    pub(super) no_cache_fields: Vec<HeaderName>,
    /// Likewise for `private`.
    pub(super) private_fields: Vec<HeaderName>,
    pub(super) extensions: Vec<Extension>,
}

impl CacheControl {
    /// No directive at all.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            known: Known::NOTHING,
            no_cache_fields: Vec::new(),
            private_fields: Vec::new(),
            extensions: Vec::new(),
        }
    }

    /// `max-age`: how long any cache may use it without asking.
    #[must_use]
    pub const fn with_max_age(mut self, lifetime: Duration) -> Self {
        self.known.max_age = Some(seconds::of(lifetime));
        self
    }

    /// `s-maxage`: the same for shared caches, instead of `max-age`. They may
    /// then not use it stale, and may keep answers to requests with
    /// `Authorization`.
    #[must_use]
    pub const fn with_s_maxage(mut self, lifetime: Duration) -> Self {
        self.known.s_maxage = Some(seconds::of(lifetime));
        self
    }

    /// `stale-while-revalidate`: how long after its lifetime it may be used
    /// while the cache asks (RFC 5861, section 3).
    #[must_use]
    pub const fn with_stale_while_revalidate(mut self, window: Duration) -> Self {
        self.known.stale_while_revalidate = Some(seconds::of(window));
        self
    }

    /// `stale-if-error`: how long after its lifetime it may be used where
    /// asking gives 500, 502, 503 or 504 (RFC 5861, section 4).
    #[must_use]
    pub const fn with_stale_if_error(mut self, window: Duration) -> Self {
        self.known.stale_if_error = Some(seconds::of(window));
        self
    }

    /// `no-cache`: to be kept, and never used without asking first.
    #[must_use]
    pub const fn with_no_cache(mut self) -> Self {
        self.known.no_cache = Scope::Everything;
        self
    }

    /// `no-store`: never to be kept.
    #[must_use]
    pub const fn with_no_store(mut self) -> Self {
        self.known.no_store = true;
        self
    }

    /// `private`: only the user's own cache may keep it.
    #[must_use]
    pub const fn with_private(mut self) -> Self {
        self.known.private = Scope::Everything;
        self
    }

    /// `public`: any cache may keep it, even the answer to a request with
    /// `Authorization`.
    #[must_use]
    pub const fn with_public(mut self) -> Self {
        self.known.public = true;
        self
    }

    /// `must-revalidate`: never to be used stale, whatever happens.
    #[must_use]
    pub const fn with_must_revalidate(mut self) -> Self {
        self.known.must_revalidate = true;
        self
    }

    /// `proxy-revalidate`: the same for shared caches.
    #[must_use]
    pub const fn with_proxy_revalidate(mut self) -> Self {
        self.known.proxy_revalidate = true;
        self
    }

    /// `must-understand`: only a cache that knows the status code may keep it,
    /// and such a cache ignores `no-store`, which should stand beside it.
    #[must_use]
    pub const fn with_must_understand(mut self) -> Self {
        self.known.must_understand = true;
        self
    }

    /// `no-transform`: intermediaries leave the content as it is.
    #[must_use]
    pub const fn with_no_transform(mut self) -> Self {
        self.known.no_transform = true;
        self
    }

    /// `immutable`: it will not change while it is fresh, so that not even a
    /// reload asks (RFC 8246).
    #[must_use]
    pub const fn with_immutable(mut self) -> Self {
        self.known.immutable = true;
        self
    }

    /// `no-cache` for these fields only. Many caches take it for the whole
    /// response. Without any field it is [`with_no_cache`](Self::with_no_cache).
    #[must_use]
    pub fn with_no_cache_fields(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.no_cache_fields = fields.into_iter().collect();
        self.known.no_cache = scope(&self.no_cache_fields);
        self
    }

    /// `private` for these fields only. Many caches take it for the whole
    /// response, so no secret should depend on it. Without any field it is
    /// [`with_private`](Self::with_private).
    #[must_use]
    pub fn with_private_fields(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.private_fields = fields.into_iter().collect();
        self.known.private = scope(&self.private_fields);
        self
    }

    /// Another directive, which caches that do not know it ignore.
    #[must_use]
    pub fn with_extension(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// The seconds of `max-age`.
    #[must_use]
    pub const fn max_age(&self) -> Option<Duration> {
        seconds::duration(self.known.max_age)
    }

    /// The seconds of `s-maxage`.
    #[must_use]
    pub const fn s_maxage(&self) -> Option<Duration> {
        seconds::duration(self.known.s_maxage)
    }

    /// The seconds of `stale-while-revalidate`.
    #[must_use]
    pub const fn stale_while_revalidate(&self) -> Option<Duration> {
        seconds::duration(self.known.stale_while_revalidate)
    }

    /// The seconds of `stale-if-error`.
    #[must_use]
    pub const fn stale_if_error(&self) -> Option<Duration> {
        seconds::duration(self.known.stale_if_error)
    }

    /// Whether `no-cache` is there for the whole response.
    #[must_use]
    pub const fn is_no_cache(&self) -> bool {
        matches!(self.known.no_cache, Scope::Everything)
    }

    /// The fields of a `no-cache` that is only about them.
    #[must_use]
    pub fn no_cache_fields(&self) -> &[HeaderName] {
        of_scope(self.known.no_cache, &self.no_cache_fields)
    }

    /// Whether `no-store` is there.
    #[must_use]
    pub const fn is_no_store(&self) -> bool {
        self.known.no_store
    }

    /// Whether `private` is there for the whole response.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        matches!(self.known.private, Scope::Everything)
    }

    /// The fields of a `private` that is only about them.
    #[must_use]
    pub fn private_fields(&self) -> &[HeaderName] {
        of_scope(self.known.private, &self.private_fields)
    }

    /// Whether `public` is there.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.known.public
    }

    /// Whether `must-revalidate` is there.
    #[must_use]
    pub const fn is_must_revalidate(&self) -> bool {
        self.known.must_revalidate
    }

    /// Whether `proxy-revalidate` is there.
    #[must_use]
    pub const fn is_proxy_revalidate(&self) -> bool {
        self.known.proxy_revalidate
    }

    /// Whether `must-understand` is there.
    #[must_use]
    pub const fn is_must_understand(&self) -> bool {
        self.known.must_understand
    }

    /// Whether `no-transform` is there.
    #[must_use]
    pub const fn is_no_transform(&self) -> bool {
        self.known.no_transform
    }

    /// Whether `immutable` is there.
    #[must_use]
    pub const fn is_immutable(&self) -> bool {
        self.known.immutable
    }

    /// The directives that are not known here, in their order.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// Whether no directive is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::new()
    }
}

fn scope(fields: &[HeaderName]) -> Scope {
    if fields.is_empty() {
        Scope::Everything
    } else {
        Scope::Fields
    }
}

fn of_scope(scope: Scope, fields: &[HeaderName]) -> &[HeaderName] {
    match scope {
        Scope::Fields => fields,
        Scope::Nothing | Scope::Everything => &[],
    }
}

impl PartialEq for CacheControl {
    fn eq(&self, other: &Self) -> bool {
        self.known == other.known
            && self.no_cache_fields() == other.no_cache_fields()
            && self.private_fields() == other.private_fields()
            && self.extensions == other.extensions
    }
}

impl Eq for CacheControl {}
