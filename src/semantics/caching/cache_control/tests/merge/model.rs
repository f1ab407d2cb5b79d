//! A model of the permissions of caches, written from the standards alone.
//!
//! It shares no code with the merging of two policies, which is checked against it.

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;

use crate::semantics::caching::cache_control::{
    CacheControl, DirectiveScope,
    tests::{
        parse_line,
        policies::{consistent_policy, policy},
    },
};

/// A kind of cache: shared or private. It may know `must-understand`, and then the status code.
#[derive(Debug, Clone, Copy)]
struct Cache {
    shared: bool,
    knows_directive: bool,
    knows_status: bool,
}

const CACHES: [Cache; 6] = {
    const fn cache(shared: bool, knows_directive: bool, knows_status: bool) -> Cache {
        Cache {
            shared,
            knows_directive,
            knows_status,
        }
    }
    [
        cache(true, true, true),
        cache(true, true, false),
        cache(true, false, false),
        cache(false, true, true),
        cache(false, true, false),
        cache(false, false, false),
    ]
};

/// The permissions that a policy gives a cache. A part that it does not set is `None`, so the
/// other policy decides it.
#[derive(Debug, Clone, PartialEq)]
struct Permissions {
    /// The response may be stored (RFC 9111, section 3).
    store: bool,
    /// The response to a request with `Authorization` may be shared (section 3.5).
    share_authorized: Option<bool>,
    /// The fields that the cache must not store.
    not_stored: BTreeSet<String>,
    /// The fields that the cache must revalidate before each use.
    revalidated: BTreeSet<String>,
    /// The seconds of use without revalidation (section 4.2.1).
    fresh: Option<u64>,
    /// The seconds of stale use (RFC 5861): during revalidation, and after it failed.
    stale: [Option<u64>; 2],
    /// A reload need not revalidate (RFC 8246).
    skip_reload: Option<bool>,
    transform: bool,
}

fn permissions(policy: &CacheControl, cache: Cache) -> Permissions {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    let understood = policy.is_must_understand() && cache.knows_directive;
    let store = (if understood {
        cache.knows_status
    } else {
        !policy.is_no_store()
    }) && !(cache.shared && policy.is_private());
    let lifetime = match policy.s_maxage() {
        Some(lifetime) if cache.shared => Some(lifetime),
        _ => policy.max_age(),
    };
    let never_stale = policy.is_must_revalidate()
        || (cache.shared && (policy.is_proxy_revalidate() || policy.s_maxage().is_some()));
    // A window extends a lifetime. A lifetime without a window allows no stale use.
    let stale = |window| match lifetime {
        _ if policy.is_no_cache() || never_stale => Some(0),
        None => None,
        Some(_) => Some(seconds(window).unwrap_or(0)),
    };
    let names = |names: &[http::HeaderName]| names.iter().map(ToString::to_string).collect();
    let share = policy.is_public() || policy.s_maxage().is_some() || policy.is_must_revalidate();
    Permissions {
        store,
        share_authorized: (cache.shared && (share || !store)).then_some(store),
        not_stored: names(if cache.shared {
            policy.private_fields()
        } else {
            &[]
        }),
        revalidated: names(policy.no_cache_fields()),
        fresh: if policy.is_no_cache() {
            Some(0)
        } else {
            seconds(lifetime)
        },
        stale: [
            stale(policy.stale_while_revalidate()),
            stale(policy.stale_if_error()),
        ],
        skip_reload: if policy.is_immutable() && !policy.is_no_cache() {
            Some(true)
        } else {
            (lifetime.is_some() || policy.is_no_cache()).then_some(false)
        },
        transform: !policy.is_no_transform(),
    }
}

impl Permissions {
    /// Returns `true` if `self` allows no more than `other`, in the parts that `other` sets.
    fn is_within(&self, other: &Self) -> bool {
        let transforms = !self.transform || other.transform;
        if !self.store {
            return transforms;
        }
        let always_revalidates = self.fresh == Some(0) && self.stale == [Some(0); 2];
        transforms
            && other.store
            && (within(self.share_authorized, other.share_authorized)
                || other.share_authorized == Some(true))
            && self.not_stored.is_superset(&other.not_stored)
            && (always_revalidates || self.revalidated.is_superset(&other.revalidated))
            && within(self.fresh, other.fresh)
            && within(self.stale[0], other.stale[0])
            && within(self.stale[1], other.stale[1])
            && (within(self.skip_reload, other.skip_reload) || other.skip_reload == Some(true))
    }
}

/// Returns `true` if `one` is at most `other`. A missing `other` is no limit.
fn within<T: PartialOrd>(one: Option<T>, other: Option<T>) -> bool {
    match (one, other) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(one), Some(other)) => one <= other,
    }
}

/// Returns the effect of a policy: the permissions of each kind of cache, and the set of other
/// directives.
fn effect(policy: &CacheControl) -> (Vec<Option<Permissions>>, BTreeSet<String>) {
    let mut permissions = CACHES.map(|cache| permissions(policy, cache));
    if policy.is_no_cache() {
        // Merging drops lifetimes without effect, and the permissions that `s-maxage` implies.
        permissions
            .iter_mut()
            .for_each(|one| one.share_authorized = None);
    }
    let transform = permissions[0].transform;
    let effect = permissions.into_iter().map(|one| one.store.then_some(one));
    let mut others: BTreeSet<_> = policy
        .extensions()
        .iter()
        .map(ToString::to_string)
        .collect();
    others.extend((!transform).then(|| "no-transform".to_owned()));
    (effect.collect(), others)
}

#[test]
fn the_model_distinguishes_policies() {
    let table = [
        ("no-store", "private"),
        ("private", ""),
        ("max-age=5", "max-age=60"),
        ("max-age=60, s-maxage=5", "max-age=60"),
        ("no-cache", "max-age=5"),
        ("no-cache", "must-revalidate"),
        (
            "must-revalidate, max-age=5, stale-if-error=5",
            "max-age=5, stale-if-error=5",
        ),
        (
            "proxy-revalidate, max-age=5, stale-if-error=5",
            "max-age=5, stale-if-error=5",
        ),
        ("max-age=5", "max-age=5, stale-while-revalidate=5"),
        ("max-age=5", "max-age=5, immutable"),
        ("no-transform", ""),
        ("must-understand", ""),
        ("must-understand, no-store", "must-understand"),
        ("no-store", "must-understand, no-store"),
        ("private=\"a\"", "private=\"b\""),
        ("no-cache=\"a\"", ""),
    ];
    for (strict, lax) in table {
        let [strict, lax] = [strict, lax].map(parse_line);
        let lower = |cache| permissions(&lax, cache).is_within(&permissions(&strict, cache));
        assert!(
            !CACHES.iter().all(|cache| lower(*cache)),
            "{strict} / {lax}"
        );
        assert!(effect(&strict) != effect(&lax), "{strict} / {lax}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// R-9111-4.2.1-a.
    #[test]
    fn a_merged_policy_allows_no_more_than_either(one in policy(), other in policy()) {
        let merged = one.stricter(&other);
        for cache in CACHES {
            let allowed = permissions(&merged, cache);
            for part in [&one, &other] {
                prop_assert!(
                    allowed.is_within(&permissions(part, cache)),
                    "{} of {} and {}: {:?} {:?}", merged, one, other, cache, allowed
                );
            }
        }
        // `public` is a permission, so both policies must grant it.
        let empty = CacheControl::new().directives();
        if one.directives() != empty && other.directives() != empty {
            prop_assert!(!merged.is_public() || (one.is_public() && other.is_public()));
        }
        for extension in one.extensions().iter().chain(other.extensions()) {
            prop_assert!(merged.extensions().contains(extension));
        }
    }

    /// R-9111-4.2.1-a.
    #[test]
    fn merging_is_commutative_and_idempotent_in_effect(one in policy(), other in policy()) {
        let merged = one.stricter(&other);
        prop_assert_eq!(effect(&merged), effect(&other.stricter(&one)));
        prop_assert_eq!(effect(&one.stricter(&one)), effect(&one));
        let normal = merged.stricter(&merged);
        prop_assert_eq!(&normal.stricter(&normal), &normal);
        for part in [&one, &other] {
            prop_assert_eq!(effect(&merged.stricter(part)), effect(&merged), "{}", merged);
        }
        let nothing = CacheControl::new();
        prop_assert_eq!(&one.stricter(&nothing).directives(), &one.directives());
        prop_assert_eq!(&nothing.stricter(&one), &one);
    }

    /// R-9111-4.2.1-a: with one exception. An `s-maxage` without a window removes the window of
    /// the other policy, but `private` removes `s-maxage`. So their order matters.
    #[test]
    fn merging_is_associative_in_effect(
        policies in [policy(), policy(), policy()],
        private: bool,
    ) {
        let [one, two, three] = policies.map(|policy| {
            let mut known = policy.directives();
            if private {
                known.s_maxage = None;
            } else if known.private == DirectiveScope::Everything {
                known.private = DirectiveScope::Nothing;
            }
            policy.with_directives(known)
        });
        let left = one.stricter(&two).stricter(&three);
        let right = one.stricter(&two.stricter(&three));
        prop_assert_eq!(effect(&left), effect(&right), "{} / {}", left, right);
    }

    /// R-9111-4.2.1-a: merging adds no contradiction.
    #[test]
    fn policies_without_contradictions_merge_without_one(one in consistent_policy(), other in consistent_policy()) {
        let merged = one.stricter(&other);
        prop_assert_eq!(merged.check(), Ok(()), "{} of {} and {}", merged, one, other);
    }

}
