//! Conflicts between directives: contradictions, and directives that weaken each other.

use super::{CacheControl, DirectiveConflict, DirectiveScope, Directives};

impl CacheControl {
    /// Checks that no directive contradicts another.
    ///
    /// # Errors
    ///
    /// Returns the first contradiction.
    pub const fn check(&self) -> Result<(), DirectiveConflict> {
        match self.directives.contradiction() {
            Some(contradiction) => Err(contradiction),
            None => Ok(()),
        }
    }

    /// Returns the same directives, after a check at compile time. For constants.
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
    /// Panics if directives contradict each other. In a constant, that is a compile error. Use
    /// [`check`](Self::check) for other values.
    #[must_use]
    pub const fn checked(self) -> Self {
        if let Err(contradiction) = self.check() {
            panic!("{}", contradiction.as_str());
        }
        self
    }

    /// Returns the combinations in which one directive makes another weaker than it looks.
    pub fn weaknesses(&self) -> impl Iterator<Item = DirectiveConflict> {
        let directives = self.directives;
        let stale = directives.has_stale_window();
        [
            (
                directives.s_maxage.is_some() && stale,
                DirectiveConflict::SMaxageWithStale,
            ),
            (
                directives.must_revalidate && stale,
                DirectiveConflict::MustRevalidateWithStale,
            ),
            (
                directives.proxy_revalidate && stale,
                DirectiveConflict::ProxyRevalidateWithStale,
            ),
            (
                directives.must_understand && !directives.no_store,
                DirectiveConflict::MustUnderstandWithoutNoStore,
            ),
        ]
        .into_iter()
        .filter_map(|(found, weakness)| found.then_some(weakness))
    }
}

impl Directives {
    /// Returns `true` if there is a stale window longer than zero.
    pub(super) const fn has_stale_window(&self) -> bool {
        matches!(self.stale_while_revalidate, Some(1..)) || matches!(self.stale_if_error, Some(1..))
    }

    const fn contradiction(&self) -> Option<DirectiveConflict> {
        let private = matches!(self.private, DirectiveScope::Everything);
        let no_cache = matches!(self.no_cache, DirectiveScope::Everything);
        let lifetime = self.max_age.is_some() || self.s_maxage.is_some();
        let lasting = matches!(self.max_age, Some(1..)) || matches!(self.s_maxage, Some(1..));
        // With `must-understand`, `no-store` is only for other caches (RFC 9111, section 5.2.2.3).
        let no_store = self.no_store && !self.must_understand;
        // `immutable` is for reloads by clients, whose caches ignore `s-maxage`.
        let fresh_in_clients = !no_cache && matches!(self.max_age, Some(1..));
        Some(if no_store && (lifetime || self.has_stale_window()) {
            DirectiveConflict::NoStoreWithLifetime
        } else if no_store && self.public {
            DirectiveConflict::NoStoreWithPublic
        } else if private && self.public {
            DirectiveConflict::PrivateWithPublic
        } else if private && self.s_maxage.is_some() {
            DirectiveConflict::PrivateWithSMaxage
        } else if no_cache && (lasting || self.has_stale_window()) {
            DirectiveConflict::NoCacheWithLifetime
        } else if self.immutable && !fresh_in_clients {
            DirectiveConflict::ImmutableWithoutLifetime
        } else if self.has_stale_window() && !lifetime {
            DirectiveConflict::StaleWithoutLifetime
        } else {
            return None;
        })
    }
}
