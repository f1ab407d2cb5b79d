//! A model of what a cache may do, written from the standards and without a
//! look at how two policies are merged.

use std::{collections::BTreeSet, time::Duration};

use http::header::CACHE_CONTROL;
use proptest::{prelude::*, test_runner::Config};

use super::{
    field, read,
    strategies::{lines, policy, sound_policy},
};
use crate::semantics::caching::cache_control::{
    CacheControl, Known, RequestCacheControl, Scope, Syntax, lines_of,
};

/// Two kinds of caches, each of which may know `must-understand`, and each such
/// one may know the status of the response.
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

/// What a policy lets a cache do. A part on which it says nothing is `None`, and
/// there the other policy's word stands.
#[derive(Debug, Clone, PartialEq)]
struct Permissions {
    /// Whether it may be kept at all (RFC 9111, section 3).
    store: bool,
    /// Whether the answer to an authorized request may be given to somebody
    /// else (section 3.5).
    share_authorized: Option<bool>,
    /// The fields that are kept from a cache of this kind, and those that are
    /// not used without asking.
    withheld: BTreeSet<String>,
    asked: BTreeSet<String>,
    /// Seconds without asking (section 4.2.1).
    fresh: Option<u64>,
    /// Seconds beyond that (RFC 5861), while asking and if asking fails.
    stale: [Option<u64>; 2],
    /// Whether a reload need not ask (RFC 8246).
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
    // A window extends a lifetime, and a lifetime without one ends there.
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
        withheld: names(if cache.shared {
            policy.private_fields()
        } else {
            &[]
        }),
        asked: names(policy.no_cache_fields()),
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
    /// Nothing more than `other` allows, where `other` says something.
    fn is_within(&self, other: &Self) -> bool {
        let transforms = !self.transform || other.transform;
        if !self.store {
            return transforms;
        }
        let asks = self.fresh == Some(0) && self.stale == [Some(0); 2];
        transforms
            && other.store
            && (within(self.share_authorized, other.share_authorized)
                || other.share_authorized == Some(true))
            && self.withheld.is_superset(&other.withheld)
            && (asks || self.asked.is_superset(&other.asked))
            && within(self.fresh, other.fresh)
            && within(self.stale[0], other.stale[0])
            && within(self.stale[1], other.stale[1])
            && (within(self.skip_reload, other.skip_reload) || other.skip_reload == Some(true))
    }
}

/// What is left open is within nothing but what is left open.
fn within<T: PartialOrd>(one: Option<T>, other: Option<T>) -> bool {
    match (one, other) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(one), Some(other)) => one <= other,
    }
}

/// What counts of a policy: what each cache may do with it, and the rest of
/// the directives as a set.
fn effect(policy: &CacheControl) -> (Vec<Option<Permissions>>, BTreeSet<String>) {
    let mut permissions = CACHES.map(|cache| permissions(policy, cache));
    if policy.is_no_cache() {
        // Lifetimes say nothing then and go, and with `s-maxage` what it implied.
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
fn the_model_tells_policies_apart() {
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
        let [strict, lax] = [strict, lax].map(super::said);
        let lower = |cache| permissions(&lax, cache).is_within(&permissions(&strict, cache));
        assert!(
            !CACHES.iter().all(|cache| lower(*cache)),
            "{strict} / {lax}"
        );
        assert!(effect(&strict) != effect(&lax), "{strict} / {lax}");
    }
}

fn many() -> Config {
    Config {
        cases: 1024,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(many())]

    /// R-9111-4.2.1-a: two policies, and the more restrictive word on each part.
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
        // Neither is a word of its own: only both say `public`.
        let empty = CacheControl::new().known();
        if one.known() != empty && other.known() != empty {
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
        prop_assert_eq!(&one.stricter(&nothing).known(), &one.known());
        prop_assert_eq!(&nothing.stricter(&one), &one);
    }

    /// R-9111-4.2.1-a: but for one case. `s-maxage` speaks for shared caches
    /// alone, and takes from the other policy the window that it lacks itself.
    /// Once `private` is there it says nothing, so that it matters which of them
    /// came first.
    #[test]
    fn merging_is_associative_in_effect(
        policies in [policy(), policy(), policy()],
        private: bool,
    ) {
        let [one, two, three] = policies.map(|policy| {
            let mut known = policy.known();
            if private {
                known.s_maxage = None;
            } else if known.private == Scope::Everything {
                known.private = Scope::Nothing;
            }
            policy.with_known(known)
        });
        let left = one.stricter(&two).stricter(&three);
        let right = one.stricter(&two.stricter(&three));
        prop_assert_eq!(effect(&left), effect(&right), "{} / {}", left, right);
    }

    /// R-9111-4.2.1-a: no contradiction comes out that did not go in.
    #[test]
    fn what_is_merged_goes_together(one in sound_policy(), other in sound_policy()) {
        let merged = one.stricter(&other);
        prop_assert_eq!(merged.check(), Ok(()), "{} of {} and {}", merged, one, other);
    }

    /// R-9111-5.2-a, R-9111-5.2.2.1-a: what is written reads back.
    #[test]
    fn what_is_written_reads_back(policy in policy()) {
        let text = policy.to_string();
        let value = policy.to_value(Syntax::CacheControl);
        prop_assert_eq!(value.as_ref().map_or(&b""[..], |value| value.as_bytes()), text.as_bytes());
        let again = read([&text]);
        prop_assert_eq!(&again, &policy);
        let names: BTreeSet<_> = policy.extensions().iter().map(|it| it.name().to_ascii_lowercase()).collect();
        let allowed: Vec<_> = names.iter().map(String::as_str).collect();
        let plain = text.parse::<CacheControl>();
        prop_assert!(plain.is_err() || names.is_empty());
        let parsed = CacheControl::parse_with_extensions(&text, &allowed);
        if policy.check_configured().is_ok() && names.len() == policy.extensions().len() {
            prop_assert_eq!(parsed, Ok(policy));
        } else {
            prop_assert!(parsed.is_err());
        }
    }

    /// R-9111-5.2-a: whatever comes over the wire is read, in two ways that
    /// agree, and is the same when it is written and read again.
    #[test]
    fn any_lines_are_read(lines in lines()) {
        let headers = field(&lines);
        let all = CacheControl::of(&headers);
        let known = lines_of(&headers, &CACHE_CONTROL).map(|lines| lines.known);
        prop_assert_eq!(all.known(), known.unwrap_or(Known::NOTHING));
        let value = all.to_value(Syntax::CacheControl);
        prop_assert_eq!(&read(value.as_ref().map(|value| value.as_bytes())), &all);
        prop_assert_eq!(&all.stricter(&all).stricter(&all), &all.stricter(&all));
        let request = RequestCacheControl::of(&headers);
        let text = request.to_string();
        if !text.contains('\u{fffd}') {
            prop_assert_eq!(RequestCacheControl::of(&field([text])), request);
        }
    }

    /// R-9111-5.2-a: what parses as a configuration is read from the wire alike.
    #[test]
    fn a_configuration_reads_as_the_field_does(lines in lines()) {
        for line in lines {
            let text = String::from_utf8_lossy(&line).into_owned();
            if let Ok(policy) = text.parse::<CacheControl>() {
                prop_assert_eq!(read([&text]), policy);
            }
            if let Ok(request) = text.parse::<RequestCacheControl>() {
                prop_assert_eq!(RequestCacheControl::of(&field([&text])), request);
            }
        }
    }

    /// R-9111-5.2-a: no byte that is added in front or behind makes a line laxer
    /// about being kept.
    #[test]
    fn nothing_hides_a_restriction(lines in lines(), at: prop::sample::Index) {
        let mut lines = lines;
        lines.insert(at.index(lines.len() + 1), b"max-age=1, Private, no-store, NO-CACHE".to_vec());
        let all = read(&lines);
        prop_assert!(all.is_no_store() && all.is_private() && all.is_no_cache());
        prop_assert!(all.max_age() <= Some(Duration::from_secs(1)));
    }
}
