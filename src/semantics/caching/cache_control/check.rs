//! Directives that contradict each other, and directives that weaken each other.

use super::{CacheControl, DirectiveConflict, Known, Scope};

impl CacheControl {
    /// Checks that the directives do not contradict each other.
    ///
    /// # Errors
    ///
    /// Returns the first contradiction, with its reason.
    pub const fn check(&self) -> Result<(), DirectiveConflict> {
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
    /// Panics if they contradict each other, which in a constant is an error of the
    /// compiler. Use [`check`](Self::check) for values that are not constant.
    #[must_use]
    pub const fn checked(self) -> Self {
        if let Err(contradiction) = self.check() {
            panic!("{}", contradiction.as_str());
        }
        self
    }

    /// Returns the combinations in which one directive makes another weaker than it looks.
    pub fn weaknesses(&self) -> impl Iterator<Item = DirectiveConflict> {
        let known = self.known;
        let stale = known.stale();
        [
            (
                known.s_maxage.is_some() && stale,
                DirectiveConflict::SMaxageWithStale,
            ),
            (
                known.must_revalidate && stale,
                DirectiveConflict::MustRevalidateWithStale,
            ),
            (
                known.proxy_revalidate && stale,
                DirectiveConflict::ProxyRevalidateWithStale,
            ),
            (
                known.must_understand && !known.no_store,
                DirectiveConflict::MustUnderstandWithoutNoStore,
            ),
        ]
        .into_iter()
        .filter_map(|(found, weakness)| found.then_some(weakness))
    }
}

impl Known {
    /// Returns `true` if there is a window. One of no length grants nothing.
    pub(super) const fn stale(&self) -> bool {
        matches!(self.stale_while_revalidate, Some(1..)) || matches!(self.stale_if_error, Some(1..))
    }

    const fn contradiction(&self) -> Option<DirectiveConflict> {
        let private = matches!(self.private, Scope::Everything);
        let no_cache = matches!(self.no_cache, Scope::Everything);
        let lifetime = self.max_age.is_some() || self.s_maxage.is_some();
        let lasting = matches!(self.max_age, Some(1..)) || matches!(self.s_maxage, Some(1..));
        let no_store = self.no_store && !self.must_understand;
        Some(if no_store && (lifetime || self.stale()) {
            DirectiveConflict::NoStoreWithLifetime
        } else if no_store && self.public {
            DirectiveConflict::NoStoreWithPublic
        } else if private && self.public {
            DirectiveConflict::PrivateWithPublic
        } else if private && self.s_maxage.is_some() {
            DirectiveConflict::PrivateWithSMaxage
        } else if no_cache && (lasting || self.stale()) {
            DirectiveConflict::NoCacheWithLifetime
        } else if self.immutable && (no_cache || !matches!(self.max_age, Some(1..))) {
            DirectiveConflict::ImmutableWithoutLifetime
        } else if self.stale() && !lifetime {
            DirectiveConflict::StaleWithoutLifetime
        } else {
            return None;
        })
    }
}
