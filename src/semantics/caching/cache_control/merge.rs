//! Merging of two policies for one response: the stricter value of each part wins.

use std::{collections::HashSet, hash::Hash};

use super::{CacheControl, DirectiveScope, Directives};

impl Directives {
    /// Merges two sets of directives. The result is no laxer than either.
    ///
    /// If only one of them has a part, such as a lifetime, its value is used.
    pub(crate) fn stricter(self, other: Self) -> Self {
        // An empty policy forbids nothing: the other one is kept whole, permissions included.
        if self == Self::NONE {
            return other;
        }
        if other == Self::NONE {
            return self;
        }
        let no_transform = self.no_transform || other.no_transform;
        let no_store = self.no_store || other.no_store;
        // A cache that implements `must-understand` ignores `no-store` beside it (RFC 9111,
        // section 5.2.2.3). If either `no-store` is unconditional, nothing else matters.
        let may_be_stored = |one: Self| !one.no_store || one.must_understand;
        if no_store && !(may_be_stored(self) && may_be_stored(other)) {
            return Self {
                no_store,
                no_transform,
                ..Self::NONE
            };
        }
        let private = self.private.max(other.private);
        let only_private_caches = private == DirectiveScope::Everything;
        let restrictions = Self {
            no_store,
            must_understand: self.must_understand || other.must_understand,
            private,
            // `public` is a permission, so both must grant it.
            public: self.public && other.public && !only_private_caches,
            no_cache: self.no_cache.max(other.no_cache),
            must_revalidate: self.must_revalidate || other.must_revalidate,
            // Private caches ignore `proxy-revalidate` (section 5.2.2.8).
            proxy_revalidate: !only_private_caches
                && (self.proxy_revalidate || other.proxy_revalidate),
            no_transform,
            ..Self::NONE
        };
        if restrictions.no_cache == DirectiveScope::Everything {
            // Each use is revalidated, so lifetimes and windows have no effect (section 5.2.2.4).
            return restrictions;
        }
        let [one, other] = if only_private_caches {
            [self, other].map(Self::without_shared_lifetime)
        } else {
            [self, other]
        };
        // The `max-age` of one policy limits shared caches, too. So the `s-maxage` of the other
        // must not exceed it.
        let has_s_maxage = one.s_maxage.is_some() || other.s_maxage.is_some();
        let s_maxage = shortest(one.shared_lifetime(), other.shared_lifetime());
        // A window extends a lifetime (RFC 5861). A policy with a lifetime and no window allows no
        // stale use, so the window of the other policy is dropped.
        let window = |of: fn(&Self) -> Option<u32>| {
            let allows = |one: &Self| of(one).is_some() || one.is_silent_on_freshness();
            let both = allows(&one) && allows(&other);
            shortest(of(&one), of(&other)).filter(|_| both)
        };
        let allows_immutable = |one: Self| one.immutable || one.is_silent_on_freshness();
        Self {
            max_age: shortest(one.max_age, other.max_age),
            s_maxage: s_maxage.filter(|_| has_s_maxage),
            stale_while_revalidate: window(|one| one.stale_while_revalidate),
            stale_if_error: window(|one| one.stale_if_error),
            immutable: (one.immutable || other.immutable)
                && allows_immutable(one)
                && allows_immutable(other),
            ..restrictions
        }
    }

    /// Returns the restrictions that every cache must obey, without lifetimes.
    pub(crate) fn restrictions(self) -> Self {
        // Caches differ on restrictions of single fields, so those are not copied.
        let whole = |scope| match scope {
            DirectiveScope::Everything => DirectiveScope::Everything,
            DirectiveScope::Fields | DirectiveScope::Nothing => DirectiveScope::Nothing,
        };
        Self {
            no_store: self.no_store && !self.must_understand,
            private: whole(self.private),
            no_cache: whole(self.no_cache),
            ..Self::NONE
        }
    }

    /// Returns the directives for a private cache, without `s-maxage`.
    ///
    /// If `s-maxage` is the only lifetime, the windows that extend it are removed too.
    fn without_shared_lifetime(self) -> Self {
        if self.s_maxage.is_some() && self.max_age.is_none() {
            Self {
                s_maxage: None,
                stale_while_revalidate: None,
                stale_if_error: None,
                ..self
            }
        } else {
            Self {
                s_maxage: None,
                ..self
            }
        }
    }

    /// Returns `true` if no directive limits the time of use without revalidation.
    fn is_silent_on_freshness(&self) -> bool {
        self.shared_lifetime().is_none()
            && self.no_cache != DirectiveScope::Everything
            && !self.must_revalidate
    }
}

fn shortest(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl CacheControl {
    /// Merges two policies for the same response. The result is no laxer than either.
    ///
    /// If both policies set a part, the stricter value wins:
    ///
    /// - Storage: `no-store`, then `private`, then neither, then `public`.
    /// - Lifetimes: the shorter one, also in shared caches.
    /// - `no-cache` removes all lifetimes and windows.
    /// - Stale windows: the shorter one. A policy with a lifetime and no window allows no stale
    ///   use, and removes the window of the other.
    ///
    /// If only one policy sets a part, its value is used. The extensions of both are kept.
    ///
    /// The order of several merges makes no difference, with one exception. `s-maxage` without a
    /// window removes the window of another policy, but `private` removes `s-maxage`. So it
    /// matters which of the two is merged first.
    ///
    /// Responses to requests with `Authorization` have no part of their own. If `must-revalidate`
    /// or `s-maxage` of one policy allows storing them (RFC 9111, section 3.5), the result allows
    /// it unless the other policy has `private`.
    ///
    /// ```
    /// use tower_conditional::cache_policy::CacheControl;
    ///
    /// let handler: CacheControl = "private, max-age=600".parse()?;
    /// let route: CacheControl = "public, max-age=60, stale-while-revalidate=30".parse()?;
    /// assert_eq!(handler.stricter(&route).to_string(), "private, max-age=60");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        let merged = Self {
            directives: self.directives.stricter(other.directives),
            no_cache_fields: union(self.no_cache_fields(), other.no_cache_fields()),
            private_fields: union(self.private_fields(), other.private_fields()),
            extensions: union(&self.extensions, &other.extensions),
        };
        let directives = merged.directives;
        // A merged `private` or `no-cache` for the whole response drops the names.
        merged.with_directives(directives)
    }
}

/// Returns the items of `one`, then those of `other` that `one` lacks.
fn union<T: Clone + Eq + Hash>(one: &[T], other: &[T]) -> Vec<T> {
    if other.is_empty() {
        return one.to_vec();
    }
    let existing: HashSet<&T> = one.iter().collect();
    let new = other.iter().filter(|item| !existing.contains(item));
    one.iter().chain(new).cloned().collect()
}
