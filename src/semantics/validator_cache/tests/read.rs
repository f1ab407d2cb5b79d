use std::time::Duration;

use http::Method;

use crate::semantics::{
    tests::headers,
    validator_cache::{ReadConditions, ReadMode, read::AgeLimits},
};

fn mode(method: &str, fields: &[(&'static str, &'static str)], has_principal: bool) -> ReadMode {
    let fields = [("x-other", "1")].iter().chain(fields);
    let headers = headers(fields.copied());
    let method: Method = method.parse().expect("a method");
    ReadConditions::new(&method, &headers, has_principal).mode
}

const LOOK_UP: ReadMode = ReadMode::LookUp(AgeLimits::NONE);
const FILL: ReadMode = ReadMode::LookUpAndFill(AgeLimits::NONE);

/// R-9111-4-a: a response to `HEAD` or to a range never fills for `GET`.
#[test]
fn only_a_whole_get_fills() {
    for (method, fields, expected) in [
        ("GET", &[][..], FILL),
        ("GET", &[("if-none-match", "\"v1\"")], FILL),
        ("GET", &[("content-length", "0")], FILL),
        ("HEAD", &[], LOOK_UP),
        ("GET", &[("range", "bytes=0-1")], LOOK_UP),
        ("GET", &[("range", "nonsense")], LOOK_UP),
        ("HEAD", &[("range", "bytes=0-1")], LOOK_UP),
        ("POST", &[], ReadMode::Bypass),
        ("PUT", &[], ReadMode::Bypass),
        ("OPTIONS", &[], ReadMode::Bypass),
        ("QUERY", &[], ReadMode::Bypass),
        ("get", &[], ReadMode::Bypass),
        ("GET", &[("upgrade", "websocket")], ReadMode::Bypass),
        ("GET", &[("content-length", "2")], ReadMode::Bypass),
        ("GET", &[("transfer-encoding", "chunked")], ReadMode::Bypass),
    ] {
        assert_eq!(mode(method, fields, false), expected, "{method} {fields:?}");
    }
}

/// R-9111-4.3.2-a
#[test]
fn if_match_is_never_decided() {
    for name in ["if-match", "if-unmodified-since"] {
        for value in [
            "*",
            "\"v1\"",
            "",
            "nonsense",
            "Sun, 06 Nov 1994 08:49:37 GMT",
        ] {
            for method in ["GET", "HEAD"] {
                let fields = [(name, value), ("if-none-match", "\"v1\"")];
                assert_eq!(
                    mode(method, &fields, true),
                    ReadMode::Bypass,
                    "{name}: {value}"
                );
            }
        }
    }
}

/// R-9111-3.5-b
#[test]
fn requests_of_a_user_need_a_principal() {
    for name in ["authorization", "cookie", "proxy-authorization"] {
        assert_eq!(mode("GET", &[(name, "a")], false), ReadMode::Bypass);
        assert_eq!(mode("HEAD", &[(name, "a")], false), ReadMode::Bypass);
        assert_eq!(mode("GET", &[(name, "a")], true), FILL);
        assert_eq!(mode("HEAD", &[(name, "a")], true), LOOK_UP);
    }
}

/// R-9111-5.2.1.5-a
#[test]
fn no_store_keeps_the_exchange_out() {
    for value in [
        "no-store",
        "No-Store",
        "max-age=5, no-store",
        "x, no-store;y",
        "no-store=1",
    ] {
        for method in ["GET", "HEAD"] {
            assert_eq!(
                mode(method, &[("cache-control", value)], true),
                ReadMode::Bypass
            );
        }
    }
    let lines = [("cache-control", "no-cache"), ("cache-control", "no-store")];
    assert_eq!(mode("GET", &lines, true), ReadMode::Bypass);
}

/// R-9111-4-b
#[test]
fn no_cache_asks_the_handler() {
    let no_cache: &[&[_]] = &[
        &[("cache-control", "no-cache")],
        &[("cache-control", "max-age=0, NO-CACHE")],
        &[("pragma", "no-cache")],
        &[("pragma", "x, No-Cache")],
        &[("pragma", "x"), ("pragma", "no-cache")],
    ];
    for fields in no_cache {
        assert_eq!(
            mode("GET", fields, false),
            ReadMode::AskHandler,
            "{fields:?}"
        );
        assert_eq!(mode("HEAD", fields, false), ReadMode::Bypass, "{fields:?}");
        let ranged = [fields, &[("range", "bytes=0-1")][..]].concat();
        assert_eq!(mode("GET", &ranged, false), ReadMode::Bypass, "{fields:?}");
    }
    // `Cache-Control` wins over `Pragma`.
    let both = [("pragma", "no-cache"), ("cache-control", "x")];
    assert_eq!(mode("GET", &both, false), FILL);
    assert_eq!(mode("GET", &[("pragma", "x")], false), FILL);
}

/// R-9111-4-b
#[test]
fn the_age_of_an_entry_is_limited_by_the_client() {
    let at = Duration::from_secs;
    let allows = |value, age, ttl| match mode("GET", &[("cache-control", value)], false) {
        ReadMode::LookUpAndFill(limits) => limits.allow(at(age), at(ttl)),
        other => panic!("{other:?}"),
    };
    for (value, age, ttl, expected) in [
        ("max-stale", 60, 0, true),
        ("max-age=0", 0, 60, false),
        ("max-age=nonsense", 0, 60, false),
        ("max-age=10", 0, 60, true),
        ("max-age=10", 10, 50, true),
        ("max-age=10", 11, 49, false),
        ("max-age=10, max-age=5", 6, 54, false),
        ("min-fresh=10", 50, 10, true),
        ("min-fresh=10", 51, 9, false),
        ("max-age=10, min-fresh=10", 5, 5, false),
        ("only-if-cached", 60, 0, true),
    ] {
        assert_eq!(allows(value, age, ttl), expected, "{value} {age} {ttl}");
    }
    let head = mode("HEAD", &[("cache-control", "max-age=10")], false);
    assert!(matches!(head, ReadMode::LookUp(limits) if !limits.allow(at(11), at(1))));
}
