//! `Vary`, `Date`, and policies that a handler chooses.

use super::*;

/// R-9110-12.5.5-b, R-9110-12.5.5-c, R-9110-15.4.5-e, R-9111-4.1-a: equal on every status, and
/// merged with the handler's.
#[test]
fn vary_is_merged_on_every_response() {
    let layer = layer(
        CachePolicy::no_cache()
            .vary([ACCEPT, ORIGIN])
            .vary([ACCEPT]),
    );
    for status in [200, 304, 206, 301, 404, 406, 500] {
        for (own, expected) in [
            (&[][..], "accept, origin"),
            (&[(VARY, "x-lang, ORIGIN")], "x-lang, origin, accept"),
            (&[(VARY, "Accept"), (VARY, "origin")], "Accept | origin"),
            (&[(VARY, "*")], "*"),
        ] {
            let response = send(&layer, get(&[]), |_| answer(status, own));
            assert_eq!(says(&response, &VARY), expected, "{status} {own:?}");
        }
    }
}

/// R-9110-12.5.5-d, R-9110-12.5.5-c.
#[test]
fn vary_gets_neither_authorization_nor_an_asterisk() {
    let star = HeaderName::from_static("*");
    let layer = layer(CachePolicy::no_cache().vary([star]));
    let response = send(&layer, get(&[SECRET]), |_| answer(200, &[]));
    assert!(!response.headers().contains_key(VARY));
}

/// R-9110-6.6.1-a, R-9111-5.1-a: a missing `Date` is added, and an existing one stays.
#[test]
fn a_missing_date_is_added() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let layer = CachePolicyLayer::new(CachePolicy::no_cache()).clock(clock.clone());
    let date = |layer: &CachePolicyLayer, method, status, fields| {
        let response = send(layer, asking(method, "/", &[]), |_| answer(status, fields));
        assert!(!response.headers().contains_key(AGE));
        says(&response, &DATE)
    };
    assert_eq!(
        date(&layer, Method::GET, 200, &[]),
        "Thu, 01 Jan 1970 00:00:00 GMT"
    );
    clock.advance(Duration::from_secs(61));
    for (method, status) in [
        (Method::GET, 200),
        (Method::GET, 304),
        (Method::PUT, 412),
        (Method::POST, 201),
    ] {
        assert_eq!(
            date(&layer, method, status, &[]),
            "Thu, 01 Jan 1970 00:01:01 GMT"
        );
    }
    assert_eq!(date(&layer, Method::GET, 200, &[(DATE, "x")]), "x");
    assert_eq!(date(&layer.without_date(), Method::GET, 200, &[]), "");
}

/// Issue 12, R-9110-8.8.2.1-a, R-9110-6.6.1-a: the last tick may be before the time that a handler
/// read. `Last-Modified` would be later than `Date`, and an expired response would be fresh.
#[test]
fn date_is_not_before_what_a_handler_read() {
    #[derive(Clone)]
    struct JustAfterTheSecond;

    impl Clock for JustAfterTheSecond {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_millis(10_002)
        }

        fn coarse_now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_millis(9_998)
        }
    }

    let layer = CachePolicyLayer::new(CachePolicy::no_cache()).clock(JustAfterTheSecond);
    let now = "Thu, 01 Jan 1970 00:00:10 GMT";
    for (fields, date) in [
        (&[][..], "Thu, 01 Jan 1970 00:00:09 GMT"),
        (&[(LAST_MODIFIED, now), (ETAG, "\"1\"")], now),
        (&[(EXPIRES, now)], now),
    ] {
        let response = send(&layer, get(&[]), |_| answer(200, fields));
        assert_eq!(says(&response, &DATE), date, "{fields:?}");
    }
}

#[test]
fn a_handler_chooses_a_policy() {
    let layer = layer(CachePolicy::no_cache());
    let chosen = |policy: CachePolicy, method, status, fields| {
        let response = send(&layer, asking(method, "/", fields), |_| {
            let mut response = answer(status, &[]);
            response.extensions_mut().insert(policy.clone());
            response
        });
        assert!(response.extensions().get::<CachePolicy>().is_some());
        says(&response, &CACHE_CONTROL)
    };
    let public = CachePolicy::shared_and_public;
    assert_eq!(
        chosen(public(), Method::GET, 200, &[]),
        "public, max-age=3600"
    );
    assert_eq!(
        chosen(public(), Method::GET, 200, &[SECRET]),
        "private, max-age=3600"
    );
    assert_eq!(
        chosen(public(), Method::GET, 404, &[]),
        "public, max-age=3600"
    );
    assert_eq!(chosen(public(), Method::POST, 200, &[]), "");
    assert_eq!(
        chosen(CachePolicy::no_store(), Method::POST, 200, &[]),
        "no-store"
    );
}

/// To an outer policy layer, an inner one is a handler.
#[test]
fn a_default_around_routes_yields_to_them() {
    let around = layer(CachePolicy::no_cache().yield_to_handler());
    let route = layer(CachePolicy::shared_and_public());
    let response = send(&around, get(&[]), |request| {
        send(&route, request, |_| answer(200, &[]))
    });
    assert_eq!(says(&response, &CACHE_CONTROL), "public, max-age=3600");
    let joined = layer(CachePolicy::no_cache());
    let response = send(&joined, get(&[]), |request| {
        send(&route, request, |_| answer(200, &[]))
    });
    assert_eq!(says(&response, &CACHE_CONTROL), "no-cache");
}

/// R-NVS-3-a.
#[test]
fn no_vary_search_is_added() {
    use crate::semantics::caching::no_vary_search::{NO_VARY_SEARCH, NoVarySearch};

    let parameters = NoVarySearch::params(["utm_source"]);
    let layer = layer(CachePolicy::no_cache().no_vary_search(&parameters));
    for status in [200, 304] {
        let response = send(&layer, get(&[]), |_| answer(status, &[]));
        assert_eq!(says(&response, &NO_VARY_SEARCH), "params=(\"utm_source\")");
    }
    let own = [(NO_VARY_SEARCH, "key-order")];
    let response = send(&layer, get(&[]), |_| answer(200, &own));
    assert_eq!(says(&response, &NO_VARY_SEARCH), "key-order");
}

/// Without a `Date`, `Expires` is compared with the clock.
#[test]
fn expires_is_compared_with_the_clock_without_a_date() {
    let wanted = layer(CachePolicy::transformed().expires()).without_date();
    let response = send(&wanted, get(&[]), |_| answer(200, &[]));
    assert_eq!(says(&response, &CACHE_CONTROL), "max-age=60");
    assert_eq!(says(&response, &EXPIRES), "Thu, 01 Jan 1970 00:01:10 GMT");

    let own: Fields<'_> = &[(EXPIRES, "Thu, 01 Jan 1970 00:00:40 GMT")];
    let heard = layer(CachePolicy::private()).without_date();
    let response = send(&heard, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &CACHE_CONTROL), "private, max-age=30");
}

/// A `Date` in the future, of a server with another clock, makes no response live longer.
#[test]
fn expires_counts_from_now_at_the_latest() {
    let layer = layer(CachePolicy::transformed().expires());
    let ahead = [(DATE, "Thu, 01 Jan 1970 01:00:00 GMT")];
    let response = send(&layer, get(&[]), |_| answer(200, &ahead));
    assert_eq!(says(&response, &EXPIRES), "Thu, 01 Jan 1970 00:01:10 GMT");
}
