//! Responses for one user below a policy.

use super::*;

/// R-9111-3.5-a, R-9111-7.3-a.
#[test]
fn responses_for_one_user_are_private() {
    let table = [
        (CachePolicy::shared_and_public(), "private, max-age=3600"),
        (
            CachePolicy::slightly_old_list(),
            "private, max-age=30, stale-while-revalidate=30, stale-if-error=300",
        ),
        (
            CachePolicy::highly_dynamic(),
            "private, max-age=0, must-revalidate",
        ),
        (CachePolicy::no_cache(), "no-cache, private"),
        (CachePolicy::no_store(), "no-store"),
        (CachePolicy::private(), "private, max-age=60"),
    ];
    for (policy, expected) in table {
        let layer = layer(policy);
        assert_eq!(control(&layer, get(&[SECRET]), 200, &[]), expected);
        assert_eq!(control(&layer, get(&[]), 200, &[SECRET_COOKIE]), expected);
        assert_eq!(control(&layer, get(&[SECRET]), 304, &[]), expected);
    }
    let layer = layer(CachePolicy::shared_and_public());
    let handler = |said| [(CACHE_CONTROL, said)];
    for (said, expected) in [
        ("public, max-age=9", "private, max-age=9"),
        ("s-maxage=9", "private, max-age=3600"),
        ("public, private", "private, max-age=3600"),
        ("public, private, max-age=9", "private, max-age=9"),
        ("private=\"x-a\", max-age=9", "private, max-age=9"),
        ("private, max-age=9, s-maxage=9", "private, max-age=9"),
    ] {
        assert_eq!(
            control(&layer, get(&[SECRET]), 200, &handler(said)),
            expected,
            "{said}"
        );
    }
}

/// R-9111-3.5-a: both can be shared by a setter of their own.
#[test]
fn setters_allow_sharing() {
    let policy = CachePolicy::shared_and_public;
    let shared = "public, max-age=3600";
    let private = "private, max-age=3600";
    let authorized = layer(policy().share_authorized());
    assert_eq!(control(&authorized, get(&[SECRET]), 200, &[]), shared);
    assert_eq!(
        control(&authorized, get(&[SECRET]), 200, &[SECRET_COOKIE]),
        private
    );
    let cookies = layer(policy().share_cookies());
    assert_eq!(control(&cookies, get(&[]), 200, &[SECRET_COOKIE]), shared);
    assert_eq!(
        control(&cookies, get(&[SECRET]), 200, &[SECRET_COOKIE]),
        private
    );
}
