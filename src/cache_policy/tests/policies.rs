//! The effect of one policy on one response.

use super::*;
use crate::semantics::caching::cache_control::{
    CacheControl, DirectiveConflict, Extension, InvalidCachePolicy,
};

/// R-9111-5.2.2.5-a, R-8246-2-a, R-5861-3-a: the exact headers of each recipe.
#[test]
fn recipes() {
    let recipes = [
        (
            CachePolicy::read_mostly_json(),
            "max-age=60, stale-while-revalidate=30",
        ),
        (
            CachePolicy::slightly_old_list(),
            "max-age=30, s-maxage=120, stale-while-revalidate=30, stale-if-error=300",
        ),
        (
            CachePolicy::resilient(),
            "max-age=300, stale-while-revalidate=60, stale-if-error=3600",
        ),
        (CachePolicy::highly_dynamic(), "max-age=0, must-revalidate"),
        (CachePolicy::no_cache(), "no-cache"),
        (CachePolicy::private(), "private, max-age=60"),
        (
            CachePolicy::authenticated(),
            "private, max-age=0, must-revalidate",
        ),
        (CachePolicy::no_store(), "no-store"),
        (CachePolicy::shared_and_public(), "public, max-age=3600"),
        (
            CachePolicy::immutable_asset(),
            "public, max-age=31536000, immutable",
        ),
        (CachePolicy::transformed(), "max-age=60"),
        (CachePolicy::no_cache(), "no-cache"),
    ];
    for (policy, expected) in recipes {
        let varies = policy.directives() == CachePolicy::read_mostly_json().directives();
        let response = send(&layer(policy), get(&[]), |_| answer(200, &[]));
        assert_eq!(says(&response, &CACHE_CONTROL), expected);
        let vary = if varies {
            "accept, accept-encoding"
        } else {
            ""
        };
        assert_eq!(says(&response, &VARY), vary);
        assert_eq!(says(&response, &DATE), "Thu, 01 Jan 1970 00:00:10 GMT");
        for absent in [AGE, PRAGMA, EXPIRES, CDN, SURROGATE] {
            assert!(!response.headers().contains_key(&absent), "{absent}");
        }
    }
}

/// R-9111-4.2.1-a: a contradiction is an error of the constructor.
#[test]
fn contradictions_are_refused() {
    let wrong = CacheControl::new().with_no_store().with_public();
    assert!(CachePolicy::new(wrong.clone()).is_err());
    let adjusted = CachePolicy::no_store().adjust(|d| d.with_max_age(Duration::from_secs(1)));
    assert!(adjusted.is_err());
    let cdn = CachePolicy::no_store().cdn(wrong);
    let contradiction = InvalidCachePolicy::Contradiction(DirectiveConflict::NoStoreWithPublic);
    assert_eq!(cdn.unwrap_err(), contradiction);
}

/// Issue 10, B.1 (R-9111-5.2-a): an unknown directive that was parsed may be a typo, so it is no
/// policy.
#[test]
fn unknown_directives_are_refused() {
    let read = |text: &'static str| {
        let mut headers = http::HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(text));
        CacheControl::of(&headers)
    };
    let always = CachePolicy::no_cache;
    for (text, expected) in [
        (
            "max-agee=60",
            "unknown directive \"max-agee\": did you mean \"max-age\"?",
        ),
        (
            "private, nocache",
            "unknown directive \"nocache\": did you mean \"no-cache\"?",
        ),
        (
            "",
            "the policy has no directive: caches would guess a lifetime",
        ),
    ] {
        for made in [
            CachePolicy::new(read(text)),
            always().adjust(|_| read(text)),
            always().cdn(read(text)),
            always().surrogate(read(text)),
        ] {
            assert_eq!(made.unwrap_err().to_string(), expected);
        }
    }
    // An extension is added by a setter.
    let extension = Extension::new("max-agee", Some("60")).unwrap();
    let meant = read("max-age=60").with_extension(extension);
    assert!(CachePolicy::new(meant.clone()).is_ok());
    assert!(always().cdn(meant).is_ok());
}
