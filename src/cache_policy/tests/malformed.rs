//! Headers of a handler that caches read in different ways.

use super::*;
use crate::semantics::caching::cache_control::CacheControl;

const VENDOR: HeaderName = HeaderName::from_static("cloudflare-cdn-cache-control");

const LIFETIMES: [&str; 4] = [
    "max-age",
    "s-maxage",
    "stale-while-revalidate",
    "stale-if-error",
];

/// One second of each lifetime, in `Cache-Control` and for content delivery networks.
fn second() -> CachePolicy {
    let directives: CacheControl =
        "max-age=1, s-maxage=1, stale-while-revalidate=1, stale-if-error=1"
            .parse()
            .unwrap();
    let policy = CachePolicy::new(directives.clone()).unwrap();
    let policy = policy.cdn(directives.clone()).unwrap();
    policy.surrogate(directives).unwrap()
}

/// Issue 10, B.1 (R-9111-5.2-a, R-9111-4.2.1-a): an argument that is no number of seconds is
/// written as 0, in every header that caches read.
#[test]
fn a_lifetime_without_a_number_is_written_as_0() {
    let arguments = [
        "",
        "=",
        "=606461.53",
        "=\"\"",
        "=-5",
        "=+5",
        "=1e9",
        "=0x10",
        "=5s",
        "=\"5.5\"",
        "=\" 5\"",
        " = 5",
        "=5 6",
        "=5;x=1",
        "=x",
        "=\"600\"x",
    ];
    for field in [CACHE_CONTROL, CDN, SURROGATE, VENDOR] {
        for name in LIFETIMES {
            for argument in arguments {
                let own = format!("{name}{argument}").leak();
                let response = send(&layer(second()), get(&[]), |_| {
                    answer(200, &[(field.clone(), own)])
                });
                let found = says(&response, &field);
                assert!(
                    found.split(", ").any(|part| part == format!("{name}=0")),
                    "{field}: {own} = {found}"
                );
                assert_eq!(found.matches(name).count(), 1, "{field}: {own} = {found}");
            }
        }
    }
}

/// Issue 10, B.1 (R-9111-5.2.2.1-a): numbers that some caches misread are written in the usual
/// form.
#[test]
fn a_number_in_an_unusual_form_is_written_in_the_usual_one() {
    let hour = CachePolicy::shared_and_public;
    let forever = CachePolicy::new(CacheControl::new().with_must_revalidate()).unwrap();
    for (policy, own, expected) in [
        (hour(), "max-age=\"5\"", "max-age=5"),
        (hour(), "MAX-AGE=\"5\", x=1", "max-age=5, x=1"),
        (hour(), "max-age=5, max-age=5", "max-age=5"),
        (hour(), "max-age=5, max-age=x", "max-age=0"),
        (
            forever,
            "max-age=99999999999",
            "max-age=2147483648, must-revalidate",
        ),
        (hour(), "max-age=2147483647", "max-age=3600"),
        // These are numbers, and names are case-insensitive.
        (hour(), "max-age=007", "max-age=007"),
        (hour(), "Max-Age=5", "Max-Age=5"),
    ] {
        let found = control(&layer(policy), get(&[]), 200, &[(CACHE_CONTROL, own)]);
        assert_eq!(found, expected, "{own}");
    }
    let lines: Fields<'_> = &[(CACHE_CONTROL, "private"), (CACHE_CONTROL, "max-age=5")];
    let found = control(&layer(hour()), get(&[]), 200, lines);
    assert_eq!(found, "private, max-age=5", "some caches read one line");
}

/// Issue 10, B.1 (R-9111-5.2-a): some caches ignore a flag with an argument. So a restriction is
/// written without it, and a permission is removed.
#[test]
fn a_flag_with_an_argument_is_written_without_it() {
    for (own, expected) in [
        ("no-store=1", "no-store"),
        ("no-cache=\"\"", "no-cache"),
        ("private=\"a b\", max-age=5", "private, max-age=5"),
        ("private=\"a\", private, max-age=5", "private, max-age=5"),
        (
            "no-cache=\"a\", no-cache=\"b\", max-age=5",
            "no-cache=\"a, b\", max-age=5",
        ),
        ("must-revalidate=x, max-age=5", "max-age=5, must-revalidate"),
        ("public=1, max-age=5", "max-age=5"),
        // These are well-formed.
        ("No-Store", "No-Store"),
        ("private=\"a\", max-age=5", "private=\"a\", max-age=5"),
        ("private, private, max-age=5", "private, private, max-age=5"),
    ] {
        let policy = CachePolicy::shared_and_public();
        let found = control(&layer(policy), get(&[]), 200, &[(CACHE_CONTROL, own)]);
        assert_eq!(found, expected, "{own}");
    }
}

/// Issue 10, B.1: nginx finds `max-age=` at any position.
#[test]
fn an_unknown_directive_that_contains_a_lifetime_is_removed() {
    for (own, expected) in [
        ("x-max-age=600, max-age=5", "max-age=5"),
        ("X-S-MaxAge=600, max-age=5", "max-age=5"),
        ("x=\"a, stale-if-error=9\", max-age=5, y", "max-age=5, y"),
        ("x=\"a, max-age = 9\", max-age=5", "max-age=5"),
        ("x-max-age, max-age=5", "x-max-age, max-age=5"),
        ("x=max-age, max-age=5", "x=max-age, max-age=5"),
    ] {
        let policy = CachePolicy::shared_and_public();
        let found = control(&layer(policy), get(&[]), 200, &[(CACHE_CONTROL, own)]);
        assert_eq!(found, expected, "{own}");
    }
}

/// Issue 10, B.1: a policy that yields to the handler, or has no lifetimes, still rewrites
/// malformed headers.
#[test]
fn a_malformed_header_is_rewritten_below_every_policy() {
    let silent = CachePolicy::new(CacheControl::new().with_no_transform()).unwrap();
    let yields = CachePolicy::no_cache().yield_to_handler();
    for (policy, ours) in [(silent, ", no-transform"), (yields, "")] {
        for status in [200, 404] {
            let ours = if status == 200 { ours } else { "" };
            let layer = layer(policy.clone());
            let found = |own| control(&layer, get(&[]), status, &[(CACHE_CONTROL, own)]);
            assert_eq!(found("max-age=606461.53"), format!("max-age=0{ours}"));
            assert_eq!(found("max-age"), format!("max-age=0{ours}"));
            let own = [
                (CACHE_CONTROL, "max-age=5"),
                (VENDOR, "max-age=606461.53, private=?1"),
            ];
            let response = send(&layer, get(&[]), |_| answer(status, &own));
            assert_eq!(says(&response, &VENDOR), "private, max-age=0");
        }
    }
}

/// Issue 10, B.1 (R-9111-4.2.1-a): caches that ignore an invalid `Expires` choose a lifetime.
#[test]
fn an_invalid_expires_becomes_a_cache_control() {
    const DATE_40: &str = "Thu, 01 Jan 1970 00:00:40 GMT";
    let hour = CachePolicy::shared_and_public;
    for policy in [hour(), hour().yield_to_handler()] {
        let layer = layer(policy);
        for own in ["0", "-1", "", "soon", "Thursday, 01-Jan-70 00:00:0 GMT"] {
            let found = control(&layer, get(&[]), 200, &[(EXPIRES, own)]);
            assert_eq!(found, "max-age=0", "{own}");
        }
        let twice = [(EXPIRES, DATE_40), (EXPIRES, DATE_40)];
        assert_eq!(control(&layer, get(&[]), 200, &twice), "max-age=0");
        assert_eq!(control(&layer, get(&[]), 200, &twice[..1]), "");
    }
}

/// Issue 10, B.1 (R-9111-4.2.1-a): some caches read only `Expires`, so it must not grant more than
/// `Cache-Control`.
#[test]
fn an_expires_that_grants_more_is_removed() {
    const AT_40: (HeaderName, &str) = (EXPIRES, "Thu, 01 Jan 1970 00:00:40 GMT");
    let layer = layer(CachePolicy::shared_and_public());
    for (own, kept) in [
        ("max-age=7", false),
        ("max-age=29", false),
        ("max-age=30", true),
        ("max-age=60", true),
        ("no-store", false),
        ("no-cache", false),
        ("private", true),
    ] {
        let fields = [AT_40, (CACHE_CONTROL, own)];
        let response = send(&layer, get(&[]), |_| answer(200, &fields));
        assert_eq!(response.headers().contains_key(EXPIRES), kept, "{own}");
    }
    // Some caches use their own clock (it is 10 seconds past) in place of `Date`.
    let skewed = [AT_40, (DATE, "Thu, 01 Jan 1970 00:00:35 GMT")];
    let response = send(&layer, get(&[]), |_| answer(200, &skewed));
    assert_eq!(says(&response, &CACHE_CONTROL), "max-age=5");
    assert!(!response.headers().contains_key(EXPIRES));
}

/// Issue 10, B.1 (R-9111-4.2.1-a): some caches read another lifetime from such an `Expires`, so it
/// does not stay beside the header that replaces it.
#[test]
fn an_ambiguous_expires_is_replaced() {
    let ours = CachePolicy::new(CacheControl::new().with_no_transform()).unwrap();
    let yields = CachePolicy::no_cache().yield_to_handler();
    for (fields, lifetime, kept) in [
        (&[(EXPIRES, "Thu, 01 Jan 1970 00:00:40 GMT")][..], 30, true),
        // Dates that not every cache reads, the second of them none.
        (&[(EXPIRES, "Thursday, 01-Jan-70 00:00:40 GMT")], 30, false),
        (&[(EXPIRES, "Thu, 01 Jon 1970 00:00:40 GMT")], 0, false),
        // Some caches count from their own clock, which is 25 seconds behind.
        (
            &[
                (EXPIRES, "Thu, 01 Jan 1970 00:00:40 GMT"),
                (DATE, "Thu, 01 Jan 1970 00:00:35 GMT"),
            ],
            5,
            false,
        ),
    ] {
        for (policy, added) in [(&ours, ", no-transform"), (&yields, "")] {
            let response = send(&layer(policy.clone()), get(&[]), |_| answer(200, fields));
            let expected = match kept && added.is_empty() {
                true => String::new(),
                false => format!("max-age={lifetime}{added}"),
            };
            assert_eq!(says(&response, &CACHE_CONTROL), expected, "{fields:?}");
            let found = response.headers().contains_key(EXPIRES);
            assert_eq!(found, kept, "{fields:?}");
        }
    }
}

/// Issue 10, B.1 (R-9111-4.2.1-a): where no policy applies, a header that is rewritten takes an
/// `Expires` with it that says something else.
#[test]
fn an_expires_beside_a_rewritten_header_is_removed() {
    let layer = layer(CachePolicy::shared_and_public());
    for (method, status) in [(Method::GET, 404), (Method::POST, 200)] {
        for (own, expected, kept) in [
            ("max-age=soon", "max-age=0", false),
            ("max-age=\"30\"", "max-age=30", true),
            ("max-age=5", "max-age=5", true),
        ] {
            let fields = [
                (CACHE_CONTROL, own),
                (EXPIRES, "Thu, 01 Jan 1970 00:00:40 GMT"),
            ];
            let request = asking(method.clone(), "/", &[]);
            let response = send(&layer, request, |_| answer(status, &fields));
            assert_eq!(says(&response, &CACHE_CONTROL), expected);
            let found = response.headers().contains_key(EXPIRES);
            assert_eq!(found, kept, "{method} {own}");
        }
    }
}

/// Issue 10, B.1 (R-9213-2.1-a): caches ignore a whole targeted header that is no Dictionary, even
/// its restrictions.
#[test]
fn a_malformed_targeted_header_becomes_a_dictionary() {
    let layer = layer(CachePolicy::transformed());
    for (own, expected) in [
        ("No-Store", "no-store"),
        ("private, Max-Age=5", "private, max-age=5"),
        ("no-cache, 1x=5", "no-cache"),
        ("max-age=9, foo=?1", "max-age=9, foo=?1"),
        ("max-age=9, foo=1.5;bar", "max-age=9, foo=1.5;bar"),
    ] {
        for field in [CDN, VENDOR] {
            let response = send(&layer, get(&[]), |_| answer(200, &[(field.clone(), own)]));
            assert_eq!(says(&response, &field), expected, "{own}");
        }
    }
}
