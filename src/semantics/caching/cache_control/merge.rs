//! Two policies for one response: the stricter of each part.

use std::{collections::HashSet, hash::Hash};

use super::{CacheControl, Known, Scope};

impl Known {
    /// What is no laxer than either. Where one says nothing about a part, the
    /// other's word stands; who says nothing at all leaves all to the other.
    pub(crate) fn stricter(self, other: Self) -> Self {
        if self == Self::NOTHING {
            return other;
        }
        if other == Self::NOTHING {
            return self;
        }
        let no_transform = self.no_transform || other.no_transform;
        let no_store = self.no_store || other.no_store;
        let understood = |one: Self| !one.no_store || one.must_understand;
        let conditionally = understood(self) && understood(other);
        if no_store && !conditionally {
            return Self {
                no_store,
                no_transform,
                ..Self::NOTHING
            };
        }
        let private = self.private.max(other.private);
        let personal = private == Scope::Everything;
        let base = Self {
            no_store,
            must_understand: self.must_understand || other.must_understand,
            private,
            public: self.public && other.public && !personal,
            no_cache: self.no_cache.max(other.no_cache),
            must_revalidate: self.must_revalidate || other.must_revalidate,
            proxy_revalidate: !personal && (self.proxy_revalidate || other.proxy_revalidate),
            no_transform,
            ..Self::NOTHING
        };
        if base.no_cache == Scope::Everything {
            // Every use asks first: there is no lifetime left to speak of.
            return base;
        }
        let [one, other] = if personal {
            [self, other].map(Self::without_shared_lifetime)
        } else {
            [self, other]
        };
        let shared = one.s_maxage.is_some() || other.s_maxage.is_some();
        let s_maxage = shortest(one.shared_lifetime(), other.shared_lifetime());
        let window = |of: fn(&Self) -> Option<u32>| {
            let grants = |one: &Self| of(one).is_some() || one.leaves_open();
            let both = grants(&one) && grants(&other);
            shortest(of(&one), of(&other)).filter(|_| both)
        };
        let grants = |one: Self| one.immutable || one.leaves_open();
        Self {
            max_age: shortest(one.max_age, other.max_age),
            s_maxage: s_maxage.filter(|_| shared),
            stale_while_revalidate: window(|one| one.stale_while_revalidate),
            stale_if_error: window(|one| one.stale_if_error),
            immutable: (one.immutable || other.immutable) && grants(one) && grants(other),
            ..base
        }
    }

    /// What every cache has to obey, lifetimes aside.
    pub(crate) fn restriction(self) -> Self {
        let whole = |scope| match scope {
            Scope::Everything => Scope::Everything,
            Scope::Fields | Scope::Nothing => Scope::Nothing,
        };
        Self {
            no_store: self.no_store && !self.must_understand,
            private: whole(self.private),
            no_cache: whole(self.no_cache),
            ..Self::NOTHING
        }
    }

    /// What it says to a private cache: no `s-maxage`, nor the windows that
    /// extend nothing else.
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

    /// Whether nothing is said about when to ask again.
    fn leaves_open(&self) -> bool {
        self.shared_lifetime().is_none()
            && self.no_cache != Scope::Everything
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
    /// What is no laxer than either of two policies for the same response.
    ///
    /// Part by part the stricter word counts: `no-store` before `private`
    /// before neither before `public`; the shorter lifetime, for a shared cache
    /// too; `no-cache`, after which lifetimes say nothing; the shorter stale
    /// window, which is none where a lifetime stands without one. A part that
    /// only one of them speaks of is as it says. Extensions of both are kept.
    ///
    /// Of more than two the order makes no difference, save that `s-maxage`
    /// takes away the window that it lacks only while it is there: `private`
    /// removes it. Answers to requests with `Authorization` are no part of their
    /// own: what `must-revalidate` or `s-maxage` of one permits there (RFC 9111,
    /// section 3.5) is permitted, unless the other says `private`.
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
            known: self.known.stricter(other.known),
            no_cache_fields: union(self.no_cache_fields(), other.no_cache_fields()),
            private_fields: union(self.private_fields(), other.private_fields()),
            extensions: union(&self.extensions, &other.extensions),
        };
        let known = merged.known;
        merged.with_known(known)
    }
}

fn union<T: Clone + Eq + Hash>(one: &[T], other: &[T]) -> Vec<T> {
    if other.is_empty() {
        return one.to_vec();
    }
    let there: HashSet<&T> = one.iter().collect();
    let new = other.iter().filter(|item| !there.contains(item));
    one.iter().chain(new).cloned().collect()
}
