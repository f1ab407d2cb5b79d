//! A policy and the header of the handler.

use super::*;
use crate::semantics::caching::cache_control::CacheControl;

/// R-9111-5.2-b, R-9111-4.2.1-a, R-9111-5.2-a: the handler's header and the result below a policy.
#[test]
fn the_stricter_value_wins() {
    let public = CachePolicy::shared_and_public;
    let json = CachePolicy::read_mostly_json;
    let list = CachePolicy::slightly_old_list;
    let table: &[(&str, CachePolicy, &str)] = &[
        ("private, max-age=5", public(), "private, max-age=5"),
        ("no-store", json(), "no-store"),
        ("No-Store", json(), "No-Store"),
        ("MAX-AGE=\"5\"", json(), "max-age=5"),
        ("foo=bar, max-age=5", json(), "foo=bar, max-age=5"),
        ("max-age=600", json(), "max-age=60"),
        ("max-age=600", CachePolicy::no_store(), "no-store"),
        (
            "max-age=600, foo=\"b, r\"",
            json(),
            "max-age=60, foo=\"b, r\"",
        ),
        ("foo", json(), "max-age=60, stale-while-revalidate=30, foo"),
        ("max-age=600", CachePolicy::no_cache(), "no-cache"),
        ("no-cache", json(), "no-cache"),
        (
            "no-cache, max-age=0, must-revalidate",
            json(),
            "no-cache, max-age=0, must-revalidate",
        ),
        (
            "private",
            json(),
            "private, max-age=60, stale-while-revalidate=30",
        ),
        (
            "public, max-age=600",
            CachePolicy::private(),
            "private, max-age=60",
        ),
        ("max-age=60", list(), "max-age=30, s-maxage=60"),
        ("s-maxage=60", list(), "max-age=30, s-maxage=60"),
        ("private, max-age=60", list(), "private, max-age=30"),
        (
            "max-age=90, stale-while-revalidate=600",
            json(),
            "max-age=60, stale-while-revalidate=30",
        ),
        (
            "max-age=10, stale-while-revalidate=20",
            json(),
            "max-age=10, stale-while-revalidate=20",
        ),
        (
            "max-age=600, must-revalidate",
            json(),
            "max-age=60, must-revalidate",
        ),
        ("max-age=soon", json(), "max-age=0"),
        ("max-age=-1", json(), "max-age=0"),
        ("no-transform", public(), "max-age=3600, no-transform"),
        ("max-age=31536000, immutable", public(), "max-age=3600"),
        (
            "private, no-cache=\"x-a\"",
            json(),
            "no-cache=\"x-a\", private, max-age=60, stale-while-revalidate=30",
        ),
    ];
    for (handler, policy, expected) in table {
        let found = control(
            &layer(policy.clone()),
            get(&[]),
            200,
            &[(CACHE_CONTROL, handler)],
        );
        assert_eq!(found, *expected, "{handler} below {}", policy.directives());
    }
}

/// R-9111-5.2-a: an unknown directive is added to the known ones.
#[test]
fn an_extension_in_the_policy_is_added() {
    let directives = CacheControl::parse_with_extensions("max-age=60, x=1", &["x"]);
    let policy = CachePolicy::new(directives.unwrap()).unwrap();
    for (own, expected) in [
        ("max-age=60", "max-age=60, x=1"),
        ("max-age=60, y", "max-age=60, y, x=1"),
        ("x=1, max-age=60", "x=1, max-age=60"),
        ("X=1, max-age=60", "max-age=60, X=1, x=1"),
    ] {
        let found = control(
            &layer(policy.clone()),
            get(&[]),
            200,
            &[(CACHE_CONTROL, own)],
        );
        assert_eq!(found, expected);
    }
}

/// R-9111-5.2-b: the setters for the other two ways.
#[test]
fn setters_override_or_yield_to_the_handler() {
    let strict: Fields<'_> = &[(CACHE_CONTROL, "private, max-age=5"), (EXPIRES, "0")];
    let replaced = layer(CachePolicy::shared_and_public().override_handler());
    let response = send(&replaced, get(&[]), |_| answer(200, strict));
    assert_eq!(says(&response, &CACHE_CONTROL), "public, max-age=3600");
    assert_eq!(says(&response, &EXPIRES), "");
    // A response for one user stays private even then.
    assert_eq!(
        control(&replaced, get(&[SECRET]), 200, strict),
        "private, max-age=3600"
    );

    let default = layer(CachePolicy::no_cache().yield_to_handler());
    for (said, personal) in [
        ("public, max-age=3600", "private, max-age=3600"),
        ("private", "private"),
        ("no-store", "no-store"),
    ] {
        let fields = [(CACHE_CONTROL, said)];
        assert_eq!(control(&default, get(&[]), 200, &fields), said);
        assert_eq!(control(&default, get(&[SECRET]), 200, &fields), personal);
    }
    let past = [(EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT")];
    assert_eq!(control(&default, get(&[]), 200, &past), "");
    assert_eq!(control(&default, get(&[]), 200, &[]), "no-cache");
}

/// R-9111-4.2.2-a: a policy does not yield to a `Cache-Control` without a directive for caches.
#[test]
fn a_policy_does_not_yield_to_an_empty_header() {
    let default = layer(CachePolicy::no_cache().yield_to_handler());
    for (own, success, error) in [
        ("", "no-cache", "no-store"),
        ("x=1", "no-cache, x=1", "no-store, x=1"),
        (
            "no-transform",
            "no-cache, no-transform",
            "no-store, no-transform",
        ),
    ] {
        let fields = [(CACHE_CONTROL, own)];
        assert_eq!(control(&default, get(&[]), 200, &fields), success);
        assert_eq!(control(&default, get(&[]), 404, &fields), error);
    }
}

/// R-9111-5.2-a, R-9111-4.2.1-a: an ambiguous header is rewritten as the strictest cache reads it.
#[test]
fn ambiguous_headers_are_rewritten() {
    let minute = CachePolicy::transformed;
    for (own, expected, alone) in [
        // Some caches find `max-age=` at any position.
        ("public; max-age=31536000", "max-age=0", "max-age=0"),
        ("max-age=31536000;", "max-age=0", "max-age=0"),
        ("no-store; max-age=600", "no-store", "no-store, max-age=0"),
        // Of two values, many caches use the first.
        ("max-age=600, max-age=5", "max-age=5", "max-age=5"),
        ("max-age=5, MAX-AGE=600", "max-age=5", "max-age=5"),
        (
            "private, private, max-age=5",
            "private, private, max-age=5",
            "private, private, max-age=5",
        ),
    ] {
        let found = |policy| control(&layer(policy), get(&[]), 200, &[(CACHE_CONTROL, own)]);
        assert_eq!(found(minute()), expected, "{own}");
        assert_eq!(found(minute().yield_to_handler()), alone, "{own}");
    }
    let lines: Fields<'_> = &[(CACHE_CONTROL, "max-age=600"), (CACHE_CONTROL, "max-age=5")];
    assert_eq!(control(&layer(minute()), get(&[]), 200, lines), "max-age=5");
    // A cache that reads a Dictionary ignores parameters.
    let cdn = CacheControl::new().with_max_age(Duration::from_secs(60));
    let layer = layer(minute().cdn(cdn).unwrap());
    let own: Fields<'_> = &[(CDN, "max-age=600;x=1")];
    let response = send(&layer, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &CDN), "max-age=0");
}
