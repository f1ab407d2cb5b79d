//! Targeted headers, which caches read in place of `Cache-Control`.

use super::*;
use crate::semantics::caching::cache_control::{CacheControl, Extension, InvalidCachePolicy};

fn ten_minutes() -> CacheControl {
    CacheControl::new().with_max_age(Duration::from_secs(600))
}

fn both() -> CachePolicy {
    let policy = CachePolicy::transformed().cdn(ten_minutes()).unwrap();
    policy.surrogate(ten_minutes()).unwrap()
}

/// R-9213-2.2-a, EDGE-ARCH-SC: all of them have the restrictions.
#[test]
fn restrictions_are_copied_into_targeted_headers() {
    // Request, status, headers of the handler; then the three headers of the response.
    let cookie = (SET_COOKIE, "a=1");
    type Row<'a> = (Fields<'a>, u16, Fields<'a>, [&'a str; 3]);
    let table: &[Row<'_>] = &[
        (&[], 200, &[], ["max-age=60", "max-age=600", "max-age=600"]),
        (
            &[SECRET],
            200,
            &[],
            ["private, max-age=60", "private, max-age=600", "no-store"],
        ),
        (
            &[],
            200,
            &[cookie],
            ["private, max-age=60", "private, max-age=600", "no-store"],
        ),
        (
            &[],
            200,
            &[(CACHE_CONTROL, "private")],
            ["private, max-age=60", "private, max-age=600", "no-store"],
        ),
        (
            &[],
            200,
            &[(CACHE_CONTROL, "no-store")],
            ["no-store", "no-store", "no-store"],
        ),
        (
            &[],
            200,
            &[(CACHE_CONTROL, "no-cache")],
            ["no-cache", "no-cache", "no-cache"],
        ),
        // A handler without a targeted header means its `Cache-Control` for all.
        (
            &[],
            200,
            &[(CACHE_CONTROL, "max-age=5")],
            ["max-age=5", "max-age=5", "max-age=5"],
        ),
        (
            &[],
            200,
            &[(CDN, "max-age=9")],
            ["max-age=60", "max-age=9", "max-age=600"],
        ),
        (
            &[],
            200,
            &[(CDN, "max-age=9999")],
            ["max-age=60", "max-age=600", "max-age=600"],
        ),
        (&[], 500, &[], ["no-store", "", ""]),
        (
            &[],
            500,
            &[(CDN, "max-age=9")],
            ["no-store", "no-store", ""],
        ),
        (&[], 304, &[], ["max-age=60", "max-age=600", "max-age=600"]),
        (&[], 206, &[], ["max-age=60", "max-age=600", "max-age=600"]),
    ];
    let layer = layer(both());
    for (request, status, fields, expected) in table {
        let response = send(&layer, get(request), |_| answer(*status, fields));
        let found = [&CACHE_CONTROL, &CDN, &SURROGATE].map(|field| says(&response, field));
        assert_eq!(found, *expected, "{request:?} {status} {fields:?}");
    }
}

/// R-9213-2.2-a: unknown targeted headers pass unchanged, unless they would undo a restriction.
#[test]
fn other_targeted_headers_pass_unchanged() {
    const VENDOR: HeaderName = HeaderName::from_static("cloudflare-cdn-cache-control");
    let layer = layer(both());
    let own: Fields<'_> = &[(VENDOR, "max-age=9, foo=?1")];
    let response = send(&layer, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &VENDOR), "max-age=9, foo=?1");
    let response = send(&layer, get(&[SECRET]), |_| answer(200, own));
    assert!(says(&response, &VENDOR).starts_with("private"));
    let response = send(&layer, asking(Method::POST, "/", &[SECRET]), |_| {
        answer(200, own)
    });
    assert!(says(&response, &VENDOR).starts_with("private"));
    // Not a targeted header, in spite of the end of its name.
    let other = HeaderName::from_static("x-notcdn-cache-control");
    let response = send(&layer, get(&[SECRET]), |_| {
        answer(200, &[(other.clone(), "max-age=9")])
    });
    assert_eq!(says(&response, &other), "max-age=9");
}

/// EDGE-ARCH-SC: a surrogate does not know `private`.
#[test]
fn a_surrogate_gets_no_store() {
    let own: Fields<'_> = &[(SURROGATE, "private, max-age=9")];
    let response = send(&layer(CachePolicy::transformed()), get(&[SECRET]), |_| {
        answer(200, own)
    });
    assert_eq!(says(&response, &SURROGATE), "no-store");
    let private = ten_minutes().with_private();
    let policy = CachePolicy::transformed().surrogate(private).unwrap();
    let response = send(&layer(policy), get(&[]), |_| answer(200, &[]));
    assert_eq!(says(&response, &SURROGATE), "no-store");
}

/// R-9213-2.1-a: an invalid name is an error, and an empty header is not sent.
#[test]
fn invalid_targeted_headers_are_refused() {
    let policy = CachePolicy::transformed;
    assert_eq!(
        policy().cdn(CacheControl::new()).unwrap_err(),
        InvalidCachePolicy::Empty
    );
    let field = policy().targeted(CACHE_CONTROL, ten_minutes()).unwrap_err();
    assert_eq!(field, InvalidCachePolicy::Field(CACHE_CONTROL));
    // A key starts with a letter, and a string is ASCII.
    for (name, argument) in [("1x", None), ("x", Some("\u{e9}"))] {
        let extension = Extension::new(name, argument).unwrap();
        let expected = InvalidCachePolicy::Dictionary(extension.to_string());
        let error = policy().cdn(ten_minutes().with_extension(extension));
        assert_eq!(error.unwrap_err(), expected);
    }
    let vendor = HeaderName::from_static("akamai-cdn-cache-control");
    assert!(policy().targeted(vendor, ten_minutes()).is_ok());
}

/// R-9213-2.2-a: a handler may forbid browsers to store, and allow it to the CDN.
#[test]
fn a_handler_may_set_each_header() {
    let own: Fields<'_> = &[(CACHE_CONTROL, "no-store"), (CDN, "max-age=9")];
    for (policy, request, cdn) in [
        (CachePolicy::transformed(), get(&[]), "max-age=9"),
        (
            CachePolicy::transformed(),
            get(&[SECRET]),
            "private, max-age=9",
        ),
        // The policy applies to the CDN too if it sets nothing else for it.
        (CachePolicy::authenticated(), get(&[]), "private, max-age=9"),
        (CachePolicy::no_cache(), get(&[]), "no-cache"),
        (
            CachePolicy::no_cache().yield_to_handler(),
            get(&[]),
            "max-age=9",
        ),
        (both(), get(&[]), "max-age=9"),
        (both().yield_to_handler(), get(&[]), "max-age=9"),
    ] {
        let response = send(&layer(policy), request, |_| answer(200, own));
        assert_eq!(says(&response, &CACHE_CONTROL), "no-store");
        assert_eq!(says(&response, &CDN), cdn);
    }
}

/// A policy that yields adds nothing beside the handler's header.
#[test]
fn a_policy_that_yields_adds_no_targeted_header() {
    let yielding = layer(both().yield_to_handler());
    let own: Fields<'_> = &[(CACHE_CONTROL, "max-age=9")];
    let response = send(&yielding, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &CDN), "");
    let response = send(&yielding, get(&[]), |_| answer(200, &[]));
    assert_eq!(says(&response, &CDN), "max-age=600");
}

/// Issue 10, D.1 (R-9213-2.2-a): a response for one user stays private, even if the policy yields,
/// also in the targeted headers of the policy.
#[test]
fn a_policy_that_yields_keeps_responses_for_one_user_private() {
    let yielding = layer(both().yield_to_handler());
    let own: Fields<'_> = &[
        (CACHE_CONTROL, "max-age=9"),
        (CDN, "max-age=9"),
        (SURROGATE, "max-age=9"),
    ];
    let response = send(&yielding, get(&[SECRET]), |_| answer(200, own));
    let found = [&CACHE_CONTROL, &CDN, &SURROGATE].map(|field| says(&response, field));
    assert_eq!(
        found,
        ["private, max-age=9", "private, max-age=9", "no-store"]
    );
}

/// Issue 10, D.1 (R-9111-5.2-b): a policy replaces its own headers and no others.
#[test]
fn an_overriding_policy_replaces_its_targeted_headers() {
    const VENDOR: HeaderName = HeaderName::from_static("akamai-cdn-cache-control");
    let overriding = layer(both().override_handler());
    let own: Fields<'_> = &[
        (CDN, "no-store"),
        (SURROGATE, "max-age=9, x=1"),
        (VENDOR, "max-age=9"),
    ];
    let response = send(&overriding, get(&[]), |_| answer(200, own));
    let found = [&CACHE_CONTROL, &CDN, &SURROGATE, &VENDOR].map(|field| says(&response, field));
    let expected = ["max-age=60", "max-age=600", "max-age=600", "max-age=9"];
    assert_eq!(found, expected);
}

/// Issue 10, D.1 (R-9213-2.2-a): a policy may be private for browsers and not for a CDN.
#[test]
fn a_targeted_header_of_the_policy_is_unchanged() {
    let policy = CachePolicy::private().cdn(ten_minutes()).unwrap();
    let response = send(&layer(policy), get(&[]), |_| answer(200, &[]));
    let found = [&CACHE_CONTROL, &CDN].map(|field| says(&response, field));
    assert_eq!(found, ["private, max-age=60", "max-age=600"]);
}

#[test]
fn the_last_setting_of_a_targeted_header_counts() {
    let brief = CacheControl::new().with_max_age(Duration::from_secs(5));
    let policy = CachePolicy::transformed().cdn(brief).unwrap();
    let layer = layer(policy.cdn(ten_minutes()).unwrap());
    let hour = [(CACHE_CONTROL, "max-age=3600")];
    let response = send(&layer, get(&[]), |_| answer(200, &hour));
    assert_eq!(says(&response, &CDN), "max-age=600");
}
