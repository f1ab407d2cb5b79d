use std::{error::Error, fmt};

/// Directives that do not go together.
///
/// Those that contradict each other are an error of
/// [`CacheControl::check`](super::CacheControl::check). Those that the letter of RFC 9111 weakens
/// are used together all the same, since many caches do what is meant;
/// [`CacheControl::weaknesses`](super::CacheControl::weaknesses) tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DirectiveConflict {
    /// `no-store`, and a lifetime or a stale window: what is not kept has none.
    NoStoreWithLifetime,
    /// `no-store`, and `public`.
    NoStoreWithPublic,
    /// `no-cache`, and a lifetime or a stale window: may it be used without
    /// asking, or not?
    NoCacheWithLifetime,
    /// `private`, and `public`.
    PrivateWithPublic,
    /// `private`, and `s-maxage`, a lifetime for caches that may not keep it.
    PrivateWithSMaxage,
    /// `immutable` without a `max-age` above zero: it only matters while the
    /// response is fresh (RFC 8246, section 2).
    ImmutableWithoutLifetime,
    /// `stale-while-revalidate` or `stale-if-error` without a lifetime, which
    /// they extend (RFC 5861).
    StaleWithoutLifetime,
    /// `s-maxage` implies `proxy-revalidate` (RFC 9111, section 5.2.2.10), so a
    /// shared cache may not use the response stale, as a window asks it to.
    /// Say `s-maxage` and the window in a targeted field instead, or `max-age`
    /// alone here.
    SMaxageWithStale,
    /// `must-revalidate` forbids what a stale window grants (section 5.2.2.2).
    MustRevalidateWithStale,
    /// `proxy-revalidate` forbids shared caches what a stale window grants
    /// (section 5.2.2.8).
    ProxyRevalidateWithStale,
    /// `must-understand` without `no-store`: a cache that does not know the
    /// directive keeps the response (section 5.2.2.3).
    MustUnderstandWithoutNoStore,
}

impl DirectiveConflict {
    /// Which directives, and why.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoStoreWithLifetime => {
                "no-store beside a lifetime or a stale window: what is not kept has none"
            }
            Self::NoStoreWithPublic => "no-store beside public: may a cache keep it, or not?",
            Self::NoCacheWithLifetime => {
                "no-cache beside a lifetime or a stale window: may it be used without asking, or not?"
            }
            Self::PrivateWithPublic => "private beside public: may shared caches keep it, or not?",
            Self::PrivateWithSMaxage => {
                "private beside s-maxage, a lifetime for caches that may not keep it"
            }
            Self::ImmutableWithoutLifetime => {
                "immutable without a max-age above zero: it only matters while the response is fresh"
            }
            Self::StaleWithoutLifetime => {
                "a stale window without max-age or s-maxage, which it extends"
            }
            Self::SMaxageWithStale => {
                "s-maxage forbids shared caches the stale use that a window grants; \
                 a targeted field can say both"
            }
            Self::MustRevalidateWithStale => {
                "must-revalidate forbids the stale use that a window grants"
            }
            Self::ProxyRevalidateWithStale => {
                "proxy-revalidate forbids shared caches the stale use that a window grants"
            }
            Self::MustUnderstandWithoutNoStore => {
                "must-understand without no-store: a cache that does not know it keeps the response"
            }
        }
    }
}

impl fmt::Display for DirectiveConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error for DirectiveConflict {}
