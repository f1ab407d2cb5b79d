use super::*;

/// R-9111-5.2-a, R-9111-5.2.2.1-a.
#[test]
fn malformed_directives_are_found() {
    for bad in [
        "max-age",
        "max-age=-1",
        "max-age=1.5",
        "max-age=60, max-age=60",
        "no-store=1",
        "public; max-age=60",
        "=x, no-cache",
        "x=\"a",
    ] {
        let codes = find_codes("GET", &[], 200, &[("cache-control", bad)]);
        assert!(codes.contains(&Code::MalformedPolicy), "{bad}: {codes:?}");
    }
    for good in [
        "no-cache",
        "Max-Age=60",
        "x=1, no-cache",
        "no-cache=\"x\", max-age=1",
        "",
    ] {
        expect(&[], &[("cache-control", good)], &[]);
    }
}

/// R-9111-4.2.1-a, R-8246-2-a.
#[test]
fn contradictions_are_found() {
    for policy in [
        "no-store, max-age=60",
        "private, public",
        "no-cache, max-age=60",
        "immutable",
        "stale-if-error=60",
    ] {
        expect(&[], &[("cache-control", policy)], &[Code::Contradiction]);
    }
    let lines = [
        ("cache-control", "max-age=60"),
        ("cache-control", "max-age=30"),
    ];
    expect(&[], &lines, &[Code::Contradiction]);
    let apart = [("cache-control", "public"), ("cache-control", "private")];
    expect(&[], &apart, &[Code::Contradiction]);
    let fine = [("cache-control", "max-age=60"), ("cache-control", "public")];
    expect(&[], &fine, &[]);
    expect(&[], &[("cache-control", "max-age=60, immutable")], &[]);
}

/// R-9111-5.2.2.10-a.
#[test]
fn directives_without_effect_are_found() {
    let weak = |policy| expect(&[], &[("cache-control", policy)], &[Code::Weakness]);
    weak("s-maxage=60, stale-while-revalidate=30");
    weak("max-age=60, must-revalidate, stale-if-error=30");
    weak("must-understand, max-age=60");
    let fine = "max-age=60, stale-while-revalidate=30";
    expect(&[], &[("cache-control", fine)], &[]);
    expect(
        &[],
        &[("cache-control", "must-understand, no-store, max-age=60")],
        &[],
    );
}

#[test]
fn expires_with_a_longer_lifetime_is_found() {
    let minute_later = ("expires", "Fri, 31 Jan 2025 21:21:00 GMT");
    let rows: [(_, _, &[Code]); 10] = [
        ("max-age=60", minute_later, &[]),
        ("max-age=56", minute_later, &[]),
        ("max-age=54", minute_later, &[Code::ExpiresDisagrees]),
        ("max-age=60", ("expires", "0"), &[]),
        ("max-age=120", minute_later, &[]),
        ("max-age=0", ("expires", "0"), &[]),
        ("no-cache", ("expires", "0"), &[]),
        ("no-store", minute_later, &[Code::ExpiresDisagrees]),
        ("no-cache", minute_later, &[Code::ExpiresDisagrees]),
        ("s-maxage=5", minute_later, &[]),
    ];
    for (policy, expires, codes) in rows {
        expect(&[], &[("cache-control", policy), expires], codes);
    }
    let date = ("date", "Fri, 31 Jan 2025 21:20:30 GMT");
    expect(
        &[],
        &[("cache-control", "max-age=30"), minute_later, date],
        &[],
    );
    expect(&[], &[minute_later], &[]);
}

/// R-9111-4.2.2-a.
#[test]
fn a_missing_policy_is_found() {
    for status in [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501] {
        let codes = [Code::NoPolicy];
        assert_eq!(find_codes("GET", &[], status, &[]), codes, "{status}");
        assert_eq!(find_codes("HEAD", &[], status, &[]), codes, "{status}");
        assert_eq!(find_codes("POST", &[], status, &[]), [], "{status}");
        assert_eq!(find_codes("GET", &[], status, &[ASK]), [], "{status}");
        assert_eq!(
            find_codes("GET", &[], status, &[("expires", "0")]),
            [],
            "{status}"
        );
    }
    for status in [201, 302, 304, 307, 400, 401, 403, 412, 500, 503] {
        assert_eq!(find_codes("GET", &[], status, &[]), [], "{status}");
    }
}

#[test]
fn a_long_lifetime_is_found() {
    let rows: [(_, &[Code]); 5] = [
        ("max-age=31536000", &[]),
        ("max-age=31536001", &[Code::LongLifetime]),
        ("s-maxage=31536001", &[Code::LongLifetime]),
        ("max-age=63072000, immutable", &[]),
        ("max-age=99999999999", &[Code::LongLifetime]),
    ];
    for (policy, codes) in rows {
        expect(&[], &[("cache-control", policy)], codes);
    }
    let expires = ("expires", "Fri, 31 Jan 2031 21:20:00 GMT");
    expect(&[], &[expires], &[Code::LongLifetime]);
}

/// R-9110-15.1-a.
#[test]
fn cacheable_errors_are_found() {
    let minute = ("cache-control", "max-age=60");
    for status in [400, 401, 403, 409, 412, 422, 428, 429, 499, 500, 503] {
        let codes = find_codes("GET", &[], status, &[minute]);
        assert_eq!(codes, [Code::CacheableError], "{status}");
        for policy in ["no-store", "max-age=0", "no-cache"] {
            assert_eq!(
                find_codes("GET", &[], status, &[("cache-control", policy)]),
                []
            );
        }
    }
    let day = ("cache-control", "max-age=86400");
    for status in [404, 405, 414, 501] {
        assert_eq!(find_codes("GET", &[], status, &[minute]), [], "{status}");
        assert_eq!(
            find_codes("GET", &[], status, &[day]),
            [Code::CacheableError]
        );
    }
    for status in [200, 301, 302, 410] {
        assert_eq!(find_codes("GET", &[], status, &[day]), [], "{status}");
    }
}

/// R-9213-2.2-a: CDNs that ignore `Cache-Control` do not store errors either.
#[test]
fn errors_that_a_cdn_stores_are_found() {
    let never = ("cache-control", "no-store");
    for name in ["cdn-cache-control", "surrogate-control"] {
        let find_codes = |method, status, targeted| {
            let codes = find_codes(method, &[], status, &[never, (name, targeted)]);
            let own = |code: &&Code| **code != Code::LaxerTargetedField;
            Vec::from_iter(codes.iter().filter(own).copied())
        };
        assert_eq!(find_codes("GET", 500, "max-age=60"), [Code::CacheableError]);
        assert_eq!(
            find_codes("GET", 404, "s-maxage=86400"),
            [Code::CacheableError]
        );
        assert_eq!(
            find_codes("POST", 200, "max-age=60"),
            [Code::LifetimeOnMethod]
        );
        for fine in [
            "no-store",
            "private, max-age=60",
            "no-cache=x, max-age=0",
            "max-age=60, s-maxage=0",
        ] {
            assert_eq!(find_codes("GET", 500, fine), [], "{fine}");
            assert_eq!(find_codes("POST", 200, fine), [], "{fine}");
        }
        assert_eq!(find_codes("GET", 404, "max-age=60"), []);
        assert_eq!(find_codes("GET", 200, "max-age=60"), []);
    }
}

/// R-9110-9.3.3-a.
#[test]
fn lifetimes_on_other_methods_are_found() {
    let minute = ("cache-control", "max-age=60");
    let here = ("content-location", "/notes/1");
    let elsewhere = ("content-location", "/notes/2");
    let codes = [Code::LifetimeOnMethod];
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO"] {
        assert_eq!(find_codes(method, &[], 200, &[minute]), codes, "{method}");
        assert_eq!(find_codes(method, &[], 200, &[minute, elsewhere]), codes);
        assert_eq!(find_codes(method, &[], 200, &[ASK]), [], "{method}");
        assert_eq!(find_codes(method, &[], 200, &[]), [], "{method}");
    }
    for (method, codes) in [("POST", &[][..]), ("PATCH", &[]), ("PUT", &codes)] {
        assert_eq!(
            find_codes(method, &[], 200, &[minute, here]),
            codes,
            "{method}"
        );
    }
    for method in ["GET", "HEAD", "QUERY"] {
        assert_eq!(find_codes(method, &[], 200, &[minute]), [], "{method}");
    }
}

/// R-9111-5.1-a, R-9111-5.2.2.5-a.
#[test]
fn headers_that_only_caches_send_are_found() {
    expect(&[], &[ASK, ("age", "0")], &[Code::AgeFromOrigin]);
    expect(&[], &[ASK, ("pragma", "no-cache")], &[Code::ObsoleteField]);
    expect(&[], &[ASK, ("warning", "110 - x")], &[Code::ObsoleteField]);
    expect(&[("pragma", "no-cache")], &[ASK], &[]);
}
