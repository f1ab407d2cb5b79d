//! The allocations of cache policies.

use std::{
    convert::Infallible,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::Empty;
use tower::{Layer, Service, util::MapResponse};
use tower_conditional::{
    CachePolicyLayer,
    cache_policy::{CacheControl, CachePolicy},
    clock::Clock,
};

use crate::support::{Frames, Handler, allocations, write};

/// The headers of a response.
type Head = &'static [(HeaderName, &'static str)];

/// Returns headers with room for those of a policy.
fn with_head(
    head: Head,
) -> impl Service<Request<Empty<Bytes>>, Response = Response<Frames>, Error = Infallible> {
    let handler = Handler::new(1024, 1024);
    MapResponse::new(handler, move |mut response: Response<Frames>| {
        let headers = response.headers_mut();
        headers.reserve(12);
        for (name, value) in head {
            headers.append(name, HeaderValue::from_static(value));
        }
        response
    })
}

/// A clock that stands still, so that no second begins between two requests.
#[derive(Debug, Clone)]
struct OneSecond;

impl Clock for OneSecond {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }
}

/// Returns the allocations of a policy for a response with these headers.
fn policy_adds(policy: CachePolicy, head: Head, credentials: Head) -> i64 {
    let make = || write(&Method::GET, credentials);
    let bare = allocations(with_head(head), make);
    let layer = CachePolicyLayer::new(policy).clock(OneSecond);
    allocations(layer.layer(with_head(head)), make) - bare
}

const AUTHORIZED: Head = &[(header::AUTHORIZATION, "Bearer x")];

fn a_minute() -> CachePolicy {
    let minute = CacheControl::new().with_max_age(Duration::from_secs(60));
    CachePolicy::new(minute).unwrap()
}

/// Prepared values, and values of the handler, cost nothing.
#[test]
fn a_constant_policy_allocates_nothing() {
    let vary = || a_minute().vary([header::ACCEPT, header::ACCEPT_ENCODING]);
    let cdn = || {
        let hour = CacheControl::new().with_max_age(Duration::from_secs(3600));
        a_minute().cdn(hour).unwrap()
    };
    let cases: [(&str, CachePolicy, Head, Head); 13] = [
        ("alone", a_minute(), &[], &[]),
        ("authorized", a_minute(), &[], AUTHORIZED),
        ("cookie", a_minute(), &[(header::SET_COOKIE, "a=1")], &[]),
        ("date", a_minute(), &[(header::DATE, "today")], &[]),
        ("vary", vary(), &[], &[]),
        (
            "vary is there",
            vary(),
            &[(header::VARY, "accept-encoding, Accept")],
            &[],
        ),
        (
            "vary is there, with another",
            vary(),
            &[(header::VARY, "x-tenant, accept-encoding, Accept")],
            &[],
        ),
        ("targeted", cdn(), &[], &[]),
        ("targeted, authorized", cdn(), &[], AUTHORIZED),
        (
            "stricter",
            a_minute(),
            &[(header::CACHE_CONTROL, "private, max-age=5")],
            &[],
        ),
        (
            "no-store",
            a_minute(),
            &[(header::CACHE_CONTROL, "no-store")],
            AUTHORIZED,
        ),
        (
            "yields",
            a_minute().yield_to_handler(),
            &[(header::CACHE_CONTROL, "public, max-age=600")],
            &[],
        ),
        (
            "overrides",
            a_minute().override_handler(),
            &[(header::CACHE_CONTROL, "public, max-age=600")],
            &[],
        ),
    ];
    for (name, policy, head, credentials) in cases {
        assert_eq!(policy_adds(policy, head, credentials), 0, "{name}");
    }
    // No policy applies to this response.
    let write = || write(&Method::POST, &[]);
    let layered = CachePolicyLayer::new(a_minute()).clock(OneSecond);
    let layered = allocations(layered.layer(with_head(&[])), write);
    assert_eq!(layered - allocations(with_head(&[]), write), 0);
}

/// Only the new value is allocated.
#[test]
fn a_joined_value_allocates_once() {
    let vary = || a_minute().vary([header::ACCEPT, header::ACCEPT_ENCODING]);
    let cases: [(&str, CachePolicy, Head, Head); 6] = [
        (
            "shorter",
            a_minute(),
            &[(header::CACHE_CONTROL, "max-age=600")],
            &[],
        ),
        (
            "private",
            a_minute(),
            &[(header::CACHE_CONTROL, "public, max-age=5")],
            AUTHORIZED,
        ),
        (
            "extended",
            a_minute(),
            &[(header::CACHE_CONTROL, "public, no-transform")],
            &[],
        ),
        ("vary", vary(), &[(header::VARY, "origin")], &[]),
        ("vary, own", vary(), &[(header::VARY, "x-tenant")], &[]),
        ("expires", a_minute().expires(), &[], &[]),
    ];
    for (name, policy, head, credentials) in cases {
        assert_eq!(policy_adds(policy, head, credentials), 1, "{name}");
    }
}

/// Each header costs one allocation. Unknown directives cost two lists and two texts each: as they
/// are parsed, and as they are merged.
#[test]
fn several_joined_values_allocate_one_each() {
    let all = || {
        let hour = CacheControl::new().with_max_age(Duration::from_secs(3600));
        let policy = a_minute().cdn(hour).unwrap().vary([header::ACCEPT]);
        policy.expires()
    };
    // The headers are Vary and Expires, and then Cache-Control and CDN-Cache-Control too.
    assert_eq!(policy_adds(all(), &[(header::VARY, "origin")], &[]), 2);
    let head: Head = &[
        (header::VARY, "origin"),
        (header::CACHE_CONTROL, "public, max-age=600"),
    ];
    assert_eq!(policy_adds(all(), head, &[]), 4);
    let head: Head = &[(header::CACHE_CONTROL, "public, max-age=600, x=1")];
    assert_eq!(policy_adds(a_minute(), head, &[]), 1 + 2 + 2);
    let head: Head = &[(header::CACHE_CONTROL, "max-age=600, x=1, y=2")];
    assert_eq!(policy_adds(a_minute(), head, &[]), 1 + 2 + 4);
}
