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

/// R-9111-4.2.1-a: `Expires` is a lifetime too.
#[test]
fn expires_counts_as_a_lifetime() {
    const AT_40: &str = "Thu, 01 Jan 1970 00:00:40 GMT";
    let hour = layer(CachePolicy::shared_and_public());
    let lasting = |seconds| {
        let policy = CachePolicy::transformed();
        let policy = policy.adjust(|said| said.with_max_age(Duration::from_secs(seconds)));
        layer(policy.unwrap())
    };
    let (short, brief) = (lasting(5), lasting(20));
    let table: &[(_, Fields<'_>, &str, &str)] = &[
        (&hour, &[(EXPIRES, AT_40)], "", AT_40),
        (&short, &[(EXPIRES, AT_40)], "max-age=5", ""),
        (&hour, &[(EXPIRES, "0")], "max-age=0", ""),
        (
            &hour,
            &[(EXPIRES, AT_40), (DATE, "Thu, 01 Jan 1970 00:00:10 GMT")],
            "",
            AT_40,
        ),
        // With `Date` these are 40 seconds.
        (
            &hour,
            &[(EXPIRES, AT_40), (DATE, "Thu, 01 Jan 1970 00:00:00 GMT")],
            "",
            AT_40,
        ),
        (&brief, &[(EXPIRES, AT_40)], "max-age=20", ""),
        // `max-age` overrides it.
        (
            &hour,
            &[(EXPIRES, AT_40), (CACHE_CONTROL, "max-age=7")],
            "max-age=7",
            "",
        ),
        (
            &short,
            &[(EXPIRES, AT_40), (CACHE_CONTROL, "max-age=7")],
            "max-age=5",
            "",
        ),
        (
            &hour,
            &[(EXPIRES, AT_40), SECRET_COOKIE],
            "private, max-age=30",
            AT_40,
        ),
    ];
    for (layer, fields, expected, expires) in table {
        let response = send(*layer, get(&[]), |_| answer(200, fields));
        assert_eq!(says(&response, &CACHE_CONTROL), *expected, "{fields:?}");
        assert_eq!(says(&response, &EXPIRES), *expires, "{fields:?}");
    }
    let expiring = layer(CachePolicy::transformed().expires());
    let response = send(&expiring, get(&[]), |_| answer(200, &[]));
    assert_eq!(says(&response, &EXPIRES), "Thu, 01 Jan 1970 00:01:10 GMT");
    let own: Fields<'_> = &[(CACHE_CONTROL, "max-age=7"), (EXPIRES, AT_40)];
    let response = send(&expiring, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &EXPIRES), "Thu, 01 Jan 1970 00:00:17 GMT");
    let yielding = layer(CachePolicy::transformed().expires().yield_to_handler());
    let response = send(&yielding, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &EXPIRES), AT_40);
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

const SECRET_COOKIE: (HeaderName, &str) = (SET_COOKIE, "session=1");

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

/// R-9111-5.2.2.1-a: the seconds to the date may exceed the largest number.
#[test]
fn a_lifetime_from_expires_is_clamped() {
    let far: Fields<'_> = &[(EXPIRES, "Fri, 31 Dec 9999 23:59:59 GMT")];
    let private = CachePolicy::new(CacheControl::new().with_private()).unwrap();
    let found = control(&layer(private), get(&[]), 200, far);
    assert_eq!(found, "private, max-age=2147483648");
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
