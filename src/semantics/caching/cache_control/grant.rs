//! The permissions that a policy gives caches, compared with those of another policy.

use http::HeaderName;

use super::{CacheControl, DirectiveScope};

/// A kind of cache. Some know `must-understand`, and ignore `no-store` beside it (RFC 9111,
/// section 5.2.2.3).
#[derive(Debug, Clone, Copy)]
struct CacheKind {
    shared: bool,
    understands: bool,
}

const KINDS: [CacheKind; 4] = {
    const fn kind(shared: bool, understands: bool) -> CacheKind {
        CacheKind {
            shared,
            understands,
        }
    }
    [
        kind(false, false),
        kind(false, true),
        kind(true, false),
        kind(true, true),
    ]
};

/// The permissions of a cache for a 200 that it may store. `u64::MAX` is a time without a limit.
///
/// Requests with `Authorization` need another permission for sharing (section 3.5), which is not
/// part of this.
#[derive(Debug)]
struct CacheGrant<'a> {
    /// The headers that the cache must not store.
    not_stored: &'a [HeaderName],
    /// The headers that it must revalidate before each use.
    revalidated: &'a [HeaderName],
    /// The seconds of use before the first revalidation.
    fresh: u64,
    /// The seconds until the end of each stale window (RFC 5861).
    stale: [u64; 2],
    /// Stale use is allowed without a connection (RFC 9111, section 4.2.4).
    disconnected: bool,
    /// A reload need not revalidate (RFC 8246).
    skips_reload: bool,
    transforms: bool,
}

impl<'a> CacheGrant<'a> {
    /// Returns `None` if the cache must not store the response. `expires` is the lifetime without
    /// `max-age`, in seconds.
    fn of(policy: &'a CacheControl, expires: Option<u64>, cache: CacheKind) -> Option<Self> {
        let directives = policy.directives;
        let ignores_no_store = directives.must_understand && cache.understands;
        let is_stored = (!directives.no_store || ignores_no_store)
            && !(cache.shared && directives.private == DirectiveScope::Everything);
        if !is_stored {
            return None;
        }
        let always_revalidates = directives.no_cache == DirectiveScope::Everything;
        // `s-maxage` implies `proxy-revalidate` (section 5.2.2.10).
        let never_stale = always_revalidates
            || directives.must_revalidate
            || (cache.shared && (directives.proxy_revalidate || directives.s_maxage.is_some()));
        let lifetime = if cache.shared {
            directives.shared_lifetime()
        } else {
            directives.max_age
        };
        let fresh = if always_revalidates {
            0
        } else {
            // Without any lifetime the cache chooses one (section 4.2.2).
            lifetime.map(u64::from).or(expires).unwrap_or(u64::MAX)
        };
        let until = |window: Option<u32>| {
            let window = window.filter(|_| !never_stale).unwrap_or(0);
            fresh.saturating_add(u64::from(window))
        };
        Some(Self {
            not_stored: if cache.shared {
                policy.private_fields()
            } else {
                &[]
            },
            revalidated: policy.no_cache_fields(),
            fresh,
            stale: [
                until(directives.stale_while_revalidate),
                until(directives.stale_if_error),
            ],
            disconnected: !never_stale,
            skips_reload: directives.immutable && fresh > 0,
            transforms: !directives.no_transform,
        })
    }

    fn is_used_unasked(&self) -> bool {
        self.disconnected || self.stale.iter().any(|until| *until > 0)
    }

    /// Describes the first thing that this grant allows, and `other` does not.
    fn beyond(&self, other: &Self) -> Option<&'static str> {
        let lost = |before: &[HeaderName], now: &[HeaderName]| {
            before.iter().any(|name| !now.contains(name))
        };
        let differences = [
            (self.fresh > other.fresh, "fresh for a longer time"),
            (
                self.stale
                    .iter()
                    .zip(other.stale)
                    .any(|(now, before)| *now > before),
                "usable for a longer time while stale",
            ),
            (
                self.disconnected && !other.disconnected,
                "usable while stale",
            ),
            (
                lost(other.not_stored, self.not_stored),
                "stored with more headers",
            ),
            (
                self.is_used_unasked() && lost(other.revalidated, self.revalidated),
                "usable with more headers",
            ),
            (
                // Without a lifetime the cache chooses when to revalidate.
                self.skips_reload && !other.skips_reload && other.fresh < u64::MAX,
                "not revalidated by a reload",
            ),
            (self.transforms && !other.transforms, "transformed"),
        ];
        let (_, what) = differences.into_iter().find(|(more, _)| *more)?;
        Some(what)
    }
}

impl CacheControl {
    /// Describes the first thing that a cache may do with a 200 under this policy, and not under
    /// `other`.
    ///
    /// `expires` has the seconds that `Expires` grants beside each. A policy without any
    /// lifetime does not limit the time of use.
    pub(crate) fn grants_beyond(
        &self,
        other: &Self,
        expires: [Option<u64>; 2],
    ) -> Option<&'static str> {
        let [own, others] = expires;
        KINDS.into_iter().find_map(|cache| {
            let now = CacheGrant::of(self, own, cache)?;
            match CacheGrant::of(other, others, cache) {
                Some(before) => now.beyond(&before),
                None => Some("stored by more caches"),
            }
        })
    }
}
