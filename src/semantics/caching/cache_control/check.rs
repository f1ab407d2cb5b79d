//! What does not go together.

use std::{error::Error, fmt};

use super::{CacheControl, Known, Scope};

/// Directives that say the opposite of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Contradiction {
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
}

/// Directives that the letter of RFC 9111 weakens, and that are used together
/// all the same, since many caches do what is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Weakness {
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

impl Contradiction {
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
        }
    }
}

impl Weakness {
    /// Which directives, and why.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
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

impl CacheControl {
    /// Whether the directives go together.
    ///
    /// # Errors
    ///
    /// Says which do not, and why; the first of several.
    pub const fn check(&self) -> Result<(), Contradiction> {
        match self.known.contradiction() {
            Some(contradiction) => Err(contradiction),
            None => Ok(()),
        }
    }

    /// The same directives, for constants: a contradiction does not compile.
    ///
    /// ```compile_fail
    /// use tower_conditional::cache_policy::CacheControl;
    ///
    /// const WRONG: CacheControl = CacheControl::new().with_private().with_public().checked();
    /// # let _ = WRONG;
    /// ```
    ///
    /// # Panics
    ///
    /// Where they contradict each other, which in a constant is an error of the
    /// compiler. Use [`check`](Self::check) for values that are not constant.
    #[must_use]
    pub const fn checked(self) -> Self {
        if let Err(contradiction) = self.check() {
            panic!("{}", contradiction.as_str());
        }
        self
    }

    /// What is weaker than it looks.
    pub fn weaknesses(&self) -> impl Iterator<Item = Weakness> {
        let known = self.known;
        let stale = known.stale();
        [
            (
                known.s_maxage.is_some() && stale,
                Weakness::SMaxageWithStale,
            ),
            (
                known.must_revalidate && stale,
                Weakness::MustRevalidateWithStale,
            ),
            (
                known.proxy_revalidate && stale,
                Weakness::ProxyRevalidateWithStale,
            ),
            (
                known.must_understand && !known.no_store,
                Weakness::MustUnderstandWithoutNoStore,
            ),
        ]
        .into_iter()
        .filter_map(|(found, weakness)| found.then_some(weakness))
    }
}

impl Known {
    /// Whether there is a window; one of no length grants nothing.
    pub(super) const fn stale(&self) -> bool {
        matches!(self.stale_while_revalidate, Some(1..)) || matches!(self.stale_if_error, Some(1..))
    }

    const fn contradiction(&self) -> Option<Contradiction> {
        let private = matches!(self.private, Scope::Everything);
        let no_cache = matches!(self.no_cache, Scope::Everything);
        let lifetime = self.max_age.is_some() || self.s_maxage.is_some();
        let lasting = matches!(self.max_age, Some(1..)) || matches!(self.s_maxage, Some(1..));
        let no_store = self.no_store && !self.must_understand;
        Some(if no_store && (lifetime || self.stale()) {
            Contradiction::NoStoreWithLifetime
        } else if no_store && self.public {
            Contradiction::NoStoreWithPublic
        } else if private && self.public {
            Contradiction::PrivateWithPublic
        } else if private && self.s_maxage.is_some() {
            Contradiction::PrivateWithSMaxage
        } else if no_cache && (lasting || self.stale()) {
            Contradiction::NoCacheWithLifetime
        } else if self.immutable && (no_cache || !matches!(self.max_age, Some(1..))) {
            Contradiction::ImmutableWithoutLifetime
        } else if self.stale() && !lifetime {
            Contradiction::StaleWithoutLifetime
        } else {
            return None;
        })
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error for Contradiction {}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
