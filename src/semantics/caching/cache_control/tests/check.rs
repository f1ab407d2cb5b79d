use super::parse_line;
use crate::semantics::caching::cache_control::{
    CacheControl,
    DirectiveConflict::{self, *},
};

/// R-9111-4.2.1-a, R-9111-5.2.2.5-a, R-9111-5.2.2.10-a, R-8246-2-a, R-5861-3-a: contradictions,
/// and combinations that look like one.
#[test]
fn contradictions_are_found() {
    let table: &[(&str, Option<DirectiveConflict>)] = &[
        ("", None),
        ("foo", None),
        // `no-store` contradicts everything that concerns stored responses.
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
        // A response with `no-cache` is always revalidated.
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
        // `private` excludes shared caches.
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
        // `immutable` only matters while the response is fresh.
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
        // The other directives are independent of each other.
        (
            "public, max-age=60, s-maxage=5, must-revalidate, proxy-revalidate, no-transform",
            None,
        ),
    ];
    for (text, expected) in table {
        let policy = parse_line(text);
        assert_eq!(policy.check().err(), *expected, "{text}");
        assert_eq!(
            CacheControl::parse_strict(text, |_| true).ok(),
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

/// R-9111-5.2.2.10-a, R-9111-5.2.2.5-a: directives that weaken each other according to RFC 9111.
#[test]
fn weaknesses_are_listed() {
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
        // These combinations are in use, so they are not an error.
        let policy = parse_line(text);
        assert_eq!(policy.check(), Ok(()), "{text}");
        let found: Vec<_> = policy.weaknesses().collect();
        assert_eq!(found, *expected, "{text}");
        for weakness in found {
            assert_eq!(weakness.to_string(), weakness.as_str());
        }
    }
}

/// R-9111-4.2.1-a: a contradiction in a constant does not compile.
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
#[should_panic(expected = "`private` contradicts `public`")]
fn checked_panics_on_a_contradiction() {
    let _ = CacheControl::new().with_private().with_public().checked();
}
