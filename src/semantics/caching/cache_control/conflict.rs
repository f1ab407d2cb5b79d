use std::{error::Error, fmt};

/// An error returned by [`CacheControl::check`](super::CacheControl::check) for directives that
/// contradict each other.
///
/// Other conflicts are no errors, and weaken a directive according to RFC 9111. They are
/// allowed, since many caches behave as intended.
/// [`CacheControl::weaknesses`](super::CacheControl::weaknesses) lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DirectiveConflict {
    /// `no-store` with a lifetime or a stale window. A response that is not stored has neither.
    NoStoreWithLifetime,
    /// `no-store` with `public`.
    NoStoreWithPublic,
    /// `no-cache` with a lifetime or a stale window, which allow use without revalidation.
    NoCacheWithLifetime,
    /// `private` with `public`.
    PrivateWithPublic,
    /// `private` with `s-maxage`, a lifetime for caches that must not store the response.
    PrivateWithSMaxage,
    /// `immutable` without a `max-age` above zero. It only matters while the response is fresh
    /// (RFC 8246, section 2).
    ImmutableWithoutLifetime,
    /// `stale-while-revalidate` or `stale-if-error` without a lifetime to extend (RFC 5861).
    StaleWithoutLifetime,
    /// `s-maxage` with a stale window. `s-maxage` implies `proxy-revalidate` (RFC 9111, section
    /// 5.2.2.10), so shared caches must not use the response stale.
    ///
    /// Set both in a targeted header instead, or use `max-age` alone here.
    SMaxageWithStale,
    /// `must-revalidate` with a stale window, which it forbids (section 5.2.2.2).
    MustRevalidateWithStale,
    /// `proxy-revalidate` with a stale window, which it forbids to shared caches (section
    /// 5.2.2.8).
    ProxyRevalidateWithStale,
    /// `must-understand` without `no-store`. A cache that does not implement `must-understand`
    /// then stores the response (section 5.2.2.3).
    MustUnderstandWithoutNoStore,
}

impl DirectiveConflict {
    /// Returns the directives and the reason of the conflict.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoStoreWithLifetime => {
                "`no-store` contradicts a lifetime or a stale window: \
                 a response that is not stored has neither"
            }
            Self::NoStoreWithPublic => "`no-store` contradicts `public`",
            Self::NoCacheWithLifetime => {
                "`no-cache` contradicts a lifetime or a stale window, \
                 which allow use without revalidation"
            }
            Self::PrivateWithPublic => "`private` contradicts `public`",
            Self::PrivateWithSMaxage => {
                "`private` contradicts `s-maxage`, a lifetime for shared caches"
            }
            Self::ImmutableWithoutLifetime => {
                "`immutable` needs a `max-age` above zero: \
                 it only matters while the response is fresh"
            }
            Self::StaleWithoutLifetime => {
                "a stale window needs a `max-age` or an `s-maxage`, which it extends"
            }
            Self::SMaxageWithStale => {
                "`s-maxage` forbids shared caches the stale use that a window allows: \
                 set both in a targeted header instead"
            }
            Self::MustRevalidateWithStale => {
                "`must-revalidate` forbids the stale use that a window allows"
            }
            Self::ProxyRevalidateWithStale => {
                "`proxy-revalidate` forbids shared caches the stale use that a window allows"
            }
            Self::MustUnderstandWithoutNoStore => {
                "`must-understand` needs `no-store`: \
                 a cache that does not implement it stores the response otherwise"
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
