use super::{field, parse_line};
use crate::semantics::caching::cache_control::parse_field;

/// R-9111-4.2.1-a.
#[test]
fn a_response_is_fresh_if_some_cache_may_reuse_it() {
    for (text, expected) in [
        ("max-age=1", true),
        ("s-maxage=1", true),
        ("max-age=0, s-maxage=1", true),
        ("max-age=1, s-maxage=0", true),
        ("private, max-age=1", true),
        ("no-cache=\"a\", max-age=1", true),
        ("must-understand, no-store, max-age=1", true),
        ("", false),
        ("public", false),
        ("max-age=0", false),
        ("max-age=x", false),
        ("max-age=0, stale-while-revalidate=5", true),
        ("max-age=0, stale-if-error=5", true),
        ("s-maxage=0, stale-if-error=5", true),
        ("private, s-maxage=0, stale-if-error=5", false),
        ("no-cache, max-age=0, stale-if-error=5", false),
        ("stale-while-revalidate=5", false),
        ("no-cache, max-age=1", false),
        ("no-store, max-age=1", false),
        ("private, s-maxage=1", false),
    ] {
        assert_eq!(parse_line(text).directives().is_fresh(), expected, "{text}");
    }
}

/// R-9111-4.2.1-a: some caches use the first of two, others the last, and others neither.
#[test]
fn caches_differ_on_repeated_and_malformed_directives() {
    for (text, expected) in [
        ("private=\"a\"", true),
        ("private=\"a\", private=\"b\"", false),
        ("no-cache=\"a\", no-cache", false),
        ("private, private", true),
        ("foo=\"a\"", true),
        // The backslash escapes the closing quote.
        ("foo=\"a\\\"", false),
        ("max-age=2147483647", true),
        ("max-age=2147483648", true),
        ("max-age=2147483649", false),
        ("max-age=\"1\"", false),
    ] {
        let headers = field([text]);
        let parsed = parse_field(&headers, &http::header::CACHE_CONTROL).unwrap();
        assert_eq!(parsed.unambiguous, expected, "{text}");
    }
}

/// Issue 12, item 8: a malformed member is searched for a lifetime once, not once for each word.
/// Otherwise this test takes minutes.
#[test]
fn a_long_malformed_member_takes_linear_time() {
    let member = "a b=1 ".repeat(100_000);
    let headers = field([&*format!("; {member}")]);
    assert!(
        !parse_field(&headers, &http::header::CACHE_CONTROL)
            .unwrap()
            .unambiguous
    );
    let mut targeted = http::HeaderMap::new();
    targeted.insert("surrogate-control", headers["cache-control"].clone());
    let name = http::HeaderName::from_static("surrogate-control");
    assert!(parse_field(&targeted, &name).unwrap().unambiguous);
}
