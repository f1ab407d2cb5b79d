//! Conditions of reads that hold, and that do not.

mod dates;
mod methods;
mod not_modified;
mod odd_dates;
mod precondition_failed;

use std::time::{Duration, SystemTime};

use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, DATE, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LAST_MODIFIED, RANGE, UPGRADE, VARY,
    },
};

use super::{EARLIER, LATER, MODIFIED, answer, exchange, get, layer, request};
use crate::{
    ConditionalLayer,
    clock::{Clock, ManualClock},
    semantics::field::HttpDate,
    test_support::send,
};

/// R-9110-13.1.3-c, R-9110-13.1.3-a, R-9110-13.1.3-b.
#[test]
fn dates_are_compared_as_an_inequality() {
    let plain = || {
        let mut response = answer(&[(LAST_MODIFIED, MODIFIED)]);
        response.headers_mut().remove(ETAG);
        response
    };
    for (since, status) in [
        (MODIFIED, 304),
        (LATER, 304),
        (EARLIER, 200),
        ("garbage", 200),
    ] {
        let response = get(&[(IF_MODIFIED_SINCE, since)], plain());
        assert_eq!(response.status(), status, "{since}");
        // A date that is the only validator stays on the 304.
        assert_eq!(response.headers()[LAST_MODIFIED], MODIFIED);
    }
    let both = [(IF_NONE_MATCH, "\"v2\""), (IF_MODIFIED_SINCE, LATER)];
    assert_eq!(
        get(&both, answer(&[(LAST_MODIFIED, MODIFIED)])).status(),
        200
    );
}

/// R-9110-8.8.3-a: a malformed tag is never repaired and never matches.
#[test]
fn malformed_tags_never_match() {
    for own in ["abc", "w/\"x\"", "\"a b\"", "\"a\"b\""] {
        for sent in [
            own, "abc", "\"abc\"", "\"x\"", "W/\"x\"", "\"a b\"", "\"a\"",
        ] {
            let mut response = answer(&[]);
            response
                .headers_mut()
                .insert(ETAG, HeaderValue::from_static(own));
            let sent = HeaderValue::from_static(sent);
            let response = get(
                &[(IF_NONE_MATCH, sent.to_str().unwrap().to_owned().leak())],
                response,
            );
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()[ETAG], own);
        }
    }
}

/// R-9110-13.1.2-e: the representation that this request selects decides, and its 304 has
/// the tag of that representation.
#[test]
fn the_selected_variant_decides() {
    const VARIANTS: [&str; 2] = ["\"identity\"", "\"br\""];
    let ask = |coding: &'static str, tag: &'static str| {
        let fields = [(ACCEPT_ENCODING, coding), (IF_NONE_MATCH, tag)];
        send(&layer(), request(Method::GET, &fields), |request| {
            let variant = VARIANTS[usize::from(request.headers()[ACCEPT_ENCODING] == "br")];
            let mut response = answer(&[(VARY, "accept-encoding")]);
            let variant = HeaderValue::from_static(variant);
            response.headers_mut().insert(ETAG, variant);
            response
        })
    };
    for coding in ["identity", "br"] {
        for tag in VARIANTS {
            let response = ask(coding, tag);
            let selected = tag.contains(coding);
            assert_eq!(response.status(), if selected { 304 } else { 200 });
            assert_eq!(response.headers()[ETAG] == tag, selected);
            assert_eq!(response.headers()[VARY], "accept-encoding");
        }
    }
}

/// R-9111-5.2.1-a.
#[test]
fn a_request_for_revalidation_is_still_304() {
    let fields = [(IF_NONE_MATCH, "\"v1\""), (CACHE_CONTROL, "no-cache")];
    assert_eq!(get(&fields, answer(&[])).status(), 304);
}

/// R-9110-13.2.1-d, R-9110-7.8-a: conditions that are not evaluated are forwarded
/// unchanged.
#[test]
fn other_methods_pass() {
    let condition = [(IF_NONE_MATCH, "\"v1\""), (IF_MATCH, "\"v0\"")];
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
    ] {
        let response = send(&layer(), request(method, &condition), |request| {
            assert_eq!(request.headers()[IF_NONE_MATCH], "\"v1\"");
            assert_eq!(request.headers()[IF_MATCH], "\"v0\"");
            answer(&[])
        });
        assert_eq!(response.status(), StatusCode::OK);
    }
}

/// Issue 10, A.1, R-9110-7.8-a: a server may ignore `Upgrade`, so the response decides.
/// Java's client and `curl --http2` send it with every request.
#[test]
fn an_ignored_upgrade_is_an_ordinary_request() {
    let upgrade = |condition| [(UPGRADE, "h2c"), condition];
    let known = get(&upgrade((IF_NONE_MATCH, "\"v1\"")), answer(&[]));
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let stale = get(&upgrade((IF_MATCH, "\"v0\"")), answer(&[]));
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);

    for condition in [(IF_NONE_MATCH, "\"v1\""), (IF_MATCH, "\"v0\"")] {
        let mut switched = answer(&[(UPGRADE, "h2c"), (LAST_MODIFIED, MODIFIED)]);
        *switched.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let fields = switched.headers().clone();
        let response = get(&upgrade(condition), switched);
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(*response.headers(), fields);
    }
}

/// R-9110-8.8.2.1-a.
#[test]
fn last_modified_is_never_in_the_future() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    let layer = ConditionalLayer::new().clock(clock.clone());
    let modified = |fields: &[(HeaderName, &'static str)]| {
        exchange(&layer, Method::GET, &[], answer(fields)).headers()[LAST_MODIFIED].clone()
    };
    let future = (LAST_MODIFIED, "Wed, 20 Nov 2030 00:00:00 GMT");
    let now = HttpDate::from(clock.now()).to_string();
    assert_eq!(modified(std::slice::from_ref(&future)), now);
    assert_eq!(modified(&[future.clone(), (DATE, LATER)]), LATER);
    assert_eq!(modified(&[(LAST_MODIFIED, MODIFIED)]), MODIFIED);
    clock.advance(Duration::from_secs(2_000_000_000));
    assert_eq!(modified(std::slice::from_ref(&future)), future.1);
    clock.set(SystemTime::UNIX_EPOCH);
    assert_eq!(modified(&[future]), "Thu, 01 Jan 1970 00:00:00 GMT");
}

/// Issue 10, D.1, R-9110-13.2.1-a: `Range` makes no other status than 206 a 304.
#[test]
fn a_range_turns_no_error_into_a_304() {
    for (status, expected) in [(206, 304), (204, 204), (404, 404), (416, 416), (500, 500)] {
        let mut response = answer(&[]);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let fields = [(RANGE, "bytes=0-1"), (IF_NONE_MATCH, "\"v1\"")];
        assert_eq!(get(&fields, response).status(), expected);
    }
}
