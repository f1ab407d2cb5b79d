use super::said;
use crate::semantics::caching::cache_control::{
    CacheControl,
    DirectiveConflict::{self, *},
};

/// R-9111-4.2.1-a, R-9111-5.2.2.5-a, R-9111-5.2.2.10-a, R-8246-2-a, R-5861-3-a:
/// what says the opposite of itself, beside what looks like it and does not.
#[test]
fn what_does_not_go_together_is_refused() {
    let table: &[(&str, Option<DirectiveConflict>)] = &[
        ("", None),
        ("foo", None),
        // `no-store` stands alone, or almost.
        ("no-store, max-age=60", Some(NoStoreWithLifetime)),
        ("no-store, max-age=0", Some(NoStoreWithLifetime)),
        ("no-store, s-maxage=60", Some(NoStoreWithLifetime)),
        (
            "no-store, stale-while-revalidate=60",
            Some(NoStoreWithLifetime),
        ),
        ("no-store, stale-if-error=60", Some(NoStoreWithLifetime)),
        ("no-store, public", Some(NoStoreWithPublic)),
        ("no-store, public, private", Some(NoStoreWithPublic)),
        ("no-store, immutable", Some(ImmutableWithoutLifetime)),
        ("no-store", None),
        (
            "no-store, no-cache, must-revalidate, private, no-transform",
            None,
        ),
        ("no-store, foo", None),
        (
            "must-understand, no-store, public, max-age=60, stale-if-error=60",
            None,
        ),
        // `no-cache` is kept, and always asked about.
        ("no-cache, max-age=60", Some(NoCacheWithLifetime)),
        ("no-cache, s-maxage=1", Some(NoCacheWithLifetime)),
        ("no-cache, max-age=0, s-maxage=1", Some(NoCacheWithLifetime)),
        (
            "no-cache, stale-while-revalidate=60",
            Some(NoCacheWithLifetime),
        ),
        (
            "no-cache, max-age=0, stale-if-error=60",
            Some(NoCacheWithLifetime),
        ),
        ("no-cache, immutable", Some(ImmutableWithoutLifetime)),
        (
            "no-cache, max-age=60, must-understand, no-store",
            Some(NoCacheWithLifetime),
        ),
        ("no-cache, max-age=0", None),
        ("no-cache, s-maxage=0, must-revalidate", None),
        ("no-cache, stale-if-error=0", None),
        ("no-cache, public", None),
        ("no-cache, private", None),
        (
            "no-cache=\"a\", max-age=60, stale-if-error=60, immutable",
            None,
        ),
        // `private` is not for shared caches.
        ("private, public", Some(PrivateWithPublic)),
        (
            "private, public, must-understand, no-store",
            Some(PrivateWithPublic),
        ),
        ("private, s-maxage=60", Some(PrivateWithSMaxage)),
        ("private, s-maxage=0", Some(PrivateWithSMaxage)),
        ("private, max-age=60", None),
        ("private, proxy-revalidate", None),
        ("private=\"a\", public, s-maxage=60", None),
        // `immutable` matters while fresh.
        ("immutable", Some(ImmutableWithoutLifetime)),
        ("immutable, max-age=0", Some(ImmutableWithoutLifetime)),
        ("immutable, s-maxage=60", Some(ImmutableWithoutLifetime)),
        ("immutable, max-age=1", None),
        ("immutable, max-age=60, s-maxage=0", None),
        ("immutable, max-age=60, must-revalidate, private", None),
        // A window extends a lifetime.
        ("stale-while-revalidate=60", Some(StaleWithoutLifetime)),
        ("private, stale-if-error=1", Some(StaleWithoutLifetime)),
        (
            "must-revalidate, stale-if-error=1",
            Some(StaleWithoutLifetime),
        ),
        ("stale-if-error=0", None),
        ("max-age=0, stale-while-revalidate=60", None),
        ("max-age=600, stale-while-revalidate=30", None),
        ("s-maxage=60, stale-if-error=60", None),
        // The others say nothing of each other.
        (
            "public, max-age=60, s-maxage=5, must-revalidate, proxy-revalidate, no-transform",
            None,
        ),
    ];
    for (text, expected) in table {
        let policy = said(text);
        assert_eq!(policy.check().err(), *expected, "{text}");
        assert_eq!(
            CacheControl::strict(text, |_| true).ok(),
            expected.is_none().then_some(policy),
            "{text}"
        );
    }
    let contradictions = [
        NoStoreWithLifetime,
        NoStoreWithPublic,
        NoCacheWithLifetime,
        PrivateWithPublic,
        PrivateWithSMaxage,
        ImmutableWithoutLifetime,
        StaleWithoutLifetime,
    ];
    for contradiction in contradictions {
        let mut rows = table
            .iter()
            .filter(|(_, expected)| *expected == Some(contradiction));
        assert!(rows.next().is_some(), "{contradiction:?}");
        assert_eq!(contradiction.to_string(), contradiction.as_str());
    }
}

/// R-9111-5.2.2.10-a, R-9111-5.2.2.5-a: what the letter of the standard weakens.
#[test]
fn what_is_weaker_than_it_looks_is_told() {
    let table: &[(&str, &[DirectiveConflict])] = &[
        ("", &[]),
        (
            "max-age=60, stale-while-revalidate=30, stale-if-error=30",
            &[],
        ),
        ("s-maxage=60", &[]),
        (
            "s-maxage=60, stale-while-revalidate=30",
            &[SMaxageWithStale],
        ),
        (
            "max-age=60, s-maxage=0, stale-if-error=30",
            &[SMaxageWithStale],
        ),
        ("s-maxage=60, stale-if-error=0", &[]),
        ("max-age=60, must-revalidate", &[]),
        (
            "max-age=60, must-revalidate, stale-if-error=30",
            &[MustRevalidateWithStale],
        ),
        (
            "max-age=60, must-revalidate, stale-while-revalidate=30",
            &[MustRevalidateWithStale],
        ),
        ("max-age=60, must-revalidate, stale-if-error=0", &[]),
        ("max-age=60, proxy-revalidate", &[]),
        ("max-age=60, proxy-revalidate, stale-if-error=0", &[]),
        (
            "max-age=60, proxy-revalidate, stale-if-error=30",
            &[ProxyRevalidateWithStale],
        ),
        (
            "max-age=60, proxy-revalidate, stale-while-revalidate=30",
            &[ProxyRevalidateWithStale],
        ),
        (
            "max-age=60, must-understand",
            &[MustUnderstandWithoutNoStore],
        ),
        ("max-age=60, must-understand, no-store", &[]),
        (
            "s-maxage=60, must-revalidate, proxy-revalidate, must-understand, stale-if-error=1",
            &[
                SMaxageWithStale,
                MustRevalidateWithStale,
                ProxyRevalidateWithStale,
                MustUnderstandWithoutNoStore,
            ],
        ),
    ];
    for (text, expected) in table {
        // They are used, so they are no error.
        let policy = said(text);
        assert_eq!(policy.check(), Ok(()), "{text}");
        let found: Vec<_> = policy.weaknesses().collect();
        assert_eq!(found, *expected, "{text}");
        for weakness in found {
            assert_eq!(weakness.to_string(), weakness.as_str());
        }
    }
}

/// R-9111-4.2.1-a: in a constant too, where a contradiction does not compile.
#[test]
fn a_policy_can_be_a_constant() {
    use std::time::Duration;

    const DAY: Duration = Duration::from_secs(86_400);
    static ALL: CacheControl = CacheControl::new()
        .with_max_age(DAY)
        .with_s_maxage(DAY)
        .with_stale_while_revalidate(DAY)
        .with_stale_if_error(DAY)
        .with_public()
        .with_must_revalidate()
        .with_proxy_revalidate()
        .with_must_understand()
        .with_no_transform()
        .with_immutable()
        .checked();
    static LIFETIME: Option<Duration> = ALL.max_age();
    const ONCE: CacheControl = CacheControl::new().with_no_store().checked();
    const ASK: CacheControl = CacheControl::new().with_private().with_no_cache().checked();
    assert_eq!(ALL.check(), Ok(()));
    assert_eq!(LIFETIME, Some(DAY));
    assert_eq!(ONCE.to_string(), "no-store");
    assert_eq!(ASK.to_string(), "no-cache, private");
}

#[test]
#[should_panic(expected = "private beside public")]
fn a_contradiction_that_was_to_be_checked_panics() {
    let _ = CacheControl::new().with_private().with_public().checked();
}
