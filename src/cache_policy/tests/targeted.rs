//! Fields that hide `Cache-Control` from the caches that read them.

use super::*;
use crate::semantics::caching::cache_control::{CacheControl, Extension, InvalidCachePolicy};

fn ten_minutes() -> CacheControl {
    CacheControl::new().with_max_age(Duration::from_secs(600))
}

fn both() -> CachePolicy {
    let policy = CachePolicy::transformed().cdn(ten_minutes()).unwrap();
    policy.surrogate(ten_minutes()).unwrap()
}

/// R-9213-2.2-a, EDGE-ARCH-SC: restrictions are in all of them.
#[test]
fn restrictions_are_copied() {
    // Request, status, handler's fields; then the three fields.
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
        // Who says nothing to them in particular means them too.
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

/// R-9213-2.2-a: those that the policy does not know of pass unchanged, unless
/// they would undo a restriction.
#[test]
fn other_targeted_fields_pass_through() {
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
    // No such field, though the name ends alike.
    let other = HeaderName::from_static("x-notcdn-cache-control");
    let response = send(&layer, get(&[SECRET]), |_| {
        answer(200, &[(other.clone(), "max-age=9")])
    });
    assert_eq!(says(&response, &other), "max-age=9");
}

/// EDGE-ARCH-SC: a surrogate knows no `private`, whoever says it.
#[test]
fn a_surrogate_is_told_no_store() {
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

/// R-9213-2.1-a: refused when built, and nothing empty is sent.
#[test]
fn what_is_no_targeted_field_is_refused() {
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

/// R-9213-2.2-a: a handler that keeps browsers from storing, and not the network
/// in front, says so in both fields and means both.
#[test]
fn a_handler_may_say_one_thing_to_each() {
    let own: Fields<'_> = &[(CACHE_CONTROL, "no-store"), (CDN, "max-age=9")];
    for (policy, request, cdn) in [
        (CachePolicy::transformed(), get(&[]), "max-age=9"),
        (
            CachePolicy::transformed(),
            get(&[SECRET]),
            "private, max-age=9",
        ),
        // The policy means the network too, where it says nothing else to it.
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

/// Who leaves a handler's word alone says nothing beside it.
#[test]
fn a_policy_that_yields_adds_no_targeted_field() {
    let yielding = layer(both().yield_to_handler());
    let own: Fields<'_> = &[(CACHE_CONTROL, "max-age=9")];
    let response = send(&yielding, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &CDN), "");
    let response = send(&yielding, get(&[]), |_| answer(200, &[]));
    assert_eq!(says(&response, &CDN), "max-age=600");
}

/// Issue 10, D.1 (R-9213-2.2-a): a handler's word that stands alone is still for one
/// user, in the fields of the policy too.
#[test]
fn a_policy_that_yields_keeps_personal_answers_from_shared_caches() {
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

/// Issue 10, D.1 (R-9111-5.2-b): what is replaced is replaced in every field of the
/// policy, and in no other.
#[test]
fn an_overriding_policy_replaces_its_targeted_fields() {
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

/// Issue 10, D.1 (R-9213-2.2-a): a policy that is private for browsers and says
/// something else to networks means it.
#[test]
fn a_targeted_field_of_the_policy_stays_as_it_is() {
    let policy = CachePolicy::private().cdn(ten_minutes()).unwrap();
    let response = send(&layer(policy), get(&[]), |_| answer(200, &[]));
    let found = [&CACHE_CONTROL, &CDN].map(|field| says(&response, field));
    assert_eq!(found, ["private, max-age=60", "max-age=600"]);
}
