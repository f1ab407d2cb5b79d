//! What one exchange shows: for each code an exchange that shows it, and near
//! misses.

use std::{collections::BTreeSet, time::Duration};

use http::{Method, StatusCode};

use super::{Code, Exchange, check_exchange};
use crate::semantics::{caching::cache_control::CacheControl, field::HttpDate, tests::headers};

type Lines<'a> = &'a [(&'a str, &'a str)];

/// 2025-01-31, 21:20:00 GMT.
const NOW: i64 = 1_738_358_400;
const GMT: &str = "Fri, 31 Jan 2025 21:20:00 GMT";

fn told(method: &str, request: Lines<'_>, status: u16, response: Lines<'_>) -> Vec<Code> {
    let request = headers(request.iter().copied());
    let response = headers(response.iter().copied());
    let findings = check_exchange(&Exchange {
        method: &Method::from_bytes(method.as_bytes()).unwrap(),
        target: "/notes/1",
        request: &request,
        status: StatusCode::from_u16(status).unwrap(),
        response: &response,
        now: HttpDate::from_unix_seconds(NOW),
        max_lifetime: Duration::from_secs(31_536_000),
        policy: &CacheControl::of(&response),
    });
    let codes: BTreeSet<_> = findings.iter().map(|findings| findings.code).collect();
    codes.into_iter().collect()
}

/// A `GET` with these request fields, answered with 200 and these.
#[track_caller]
fn expect(request: Lines<'_>, response: Lines<'_>, codes: &[Code]) {
    assert_eq!(told("GET", request, 200, response), codes, "{response:?}");
}

/// Not kept without asking, so that nothing else is found.
const ASK: (&str, &str) = ("cache-control", "no-cache");

#[test]
fn codes_are_told_apart_and_complete() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        let is_known = |name| code.section().starts_with(name);
        assert!(
            ["RFC 9", "RFC 6585", "Fetch Standard"]
                .into_iter()
                .any(is_known),
            "{code}"
        );
        assert!(
            !code.remedy().is_empty() && !code.remedy().ends_with('.'),
            "{code}"
        );
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(code.as_str().chars().all(kebab), "{code}");
    }
}

/// R-9110-8.8.3-a.
#[test]
fn a_tag_has_a_form_and_one_line() {
    for good in ["\"a\"", "W/\"a\"", "\"\"", "\"a,b\""] {
        expect(&[], &[ASK, ("etag", good)], &[]);
    }
    for bad in ["a", "w/\"a\"", "\"a b\"", "\"a\", \"b\"", "\"a"] {
        expect(&[], &[ASK, ("etag", bad)], &[Code::InvalidTag]);
    }
    let twice = [ASK, ("etag", "\"a\""), ("etag", "\"b\"")];
    expect(&[], &twice, &[Code::SeveralTags]);
}

/// R-9110-8.8.3-c.
#[test]
fn a_strong_tag_is_no_whole_second() {
    let modified = ("last-modified", "Thu, 30 Jan 2020 00:00:00 GMT");
    for tag in ["\"1738358399\"", "\"1738444800\"", "\"1580342400\""] {
        expect(&[], &[ASK, ("etag", tag), modified], &[Code::TimestampTag]);
    }
    expect(
        &[],
        &[ASK, ("etag", "\"5e321c80\""), modified],
        &[Code::TimestampTag],
    );
    for fine in [
        "\"1738444801\"",
        "\"1422998400\"",
        "\"17\"",
        "\"1738358399-5a\"",
        "W/\"1738358399\"",
        "\"5e321c81\"",
        "\"99999999999999999999999\"",
        "\"\"",
    ] {
        expect(&[], &[ASK, ("etag", fine), modified], &[]);
    }
    // Without a date no hexadecimal digits are taken for one.
    expect(&[], &[ASK, ("etag", "\"5e321c80\"")], &[]);
}

#[test]
fn a_tag_does_not_hold_the_user() {
    let basic = ("authorization", "Basic YWxpY2U6c2VjcmV0cw=="); // alice:secrets
    let bearer = ("authorization", "Bearer abcdefgh");
    let cookies = ("cookie", "theme=dark; sid=0123456789; n=abc; empty=; odd");
    let private = ("cache-control", "private, no-cache");
    let personal = &[Code::PersonalTag][..];
    let rows: [(_, _, &[Code]); 14] = [
        (basic, "\"alice-7\"", personal),
        (basic, "W/\"7:alice\"", personal),
        (basic, "\"secrets\"", personal),
        (basic, "\"malice-7\"", &[]),
        (basic, "\"alic-7\"", &[]),
        (basic, "\"bob-7\"", &[]),
        (bearer, "\"1abcdefgh2\"", personal),
        (bearer, "\"abcdefg-Bearer\"", &[]),
        (cookies, "\"v1-dark\"", personal),
        (cookies, "\"v1-darkness\"", &[]),
        (cookies, "\"x0123456789x\"", personal),
        (cookies, "\"012345678\"", &[]),
        (cookies, "\"abc\"", &[]),
        (cookies, "\"\"", &[]),
    ];
    for (user, tag, codes) in rows {
        expect(&[user], &[private, ("etag", tag)], codes);
    }
    // A name is told as far as anybody reads.
    let name = "n".repeat(5_000);
    let request = headers([("cookie", &*format!("{name}=0123456789"))]);
    let response = headers([private, ("etag", "\"0123456789\"")]);
    let findings = check_exchange(&Exchange {
        method: &Method::GET,
        target: "/",
        request: &request,
        status: StatusCode::OK,
        response: &response,
        now: HttpDate::EPOCH,
        max_lifetime: Duration::MAX,
        policy: &CacheControl::of(&response),
    });
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].detail.len() < 200,
        "{}",
        findings[0].detail.len()
    );
    // The value is not told.
    let request = headers([cookies]);
    let response = headers([private, ("etag", "\"v1-dark\"")]);
    let findings = check_exchange(&Exchange {
        method: &Method::GET,
        target: "/",
        request: &request,
        status: StatusCode::OK,
        response: &response,
        now: HttpDate::EPOCH,
        max_lifetime: Duration::MAX,
        policy: &CacheControl::of(&response),
    });
    assert_eq!(
        findings[0].detail,
        "the tag holds the value of cookie \"theme\""
    );
}

#[test]
fn a_value_is_found_wherever_it_stands() {
    let cookie = ("cookie", "c=abababac");
    let private = ("cache-control", "private, no-cache");
    for tag in ["\"abababababac\"", "\"xababababacx\"", "\"abababac\""] {
        expect(&[cookie], &[private, ("etag", tag)], &[Code::PersonalTag]);
    }
    expect(&[cookie], &[private, ("etag", "\"ababababab\"")], &[]);
}

#[test]
fn a_weak_tag_is_of_no_use_for_ranges() {
    let weak = ("etag", "W/\"a\"");
    let bytes = ("accept-ranges", "bytes");
    let codes = [Code::WeakTagWithRanges];
    expect(&[], &[ASK, weak, bytes], &codes);
    assert_eq!(told("GET", &[], 206, &[ASK, weak]), codes);
    expect(&[], &[ASK, weak], &[]);
    expect(&[], &[ASK, weak, ("accept-ranges", "none")], &[]);
    // One that a date made, of a variant that nobody knows.
    assert_eq!(told("GET", &[], 304, &[ASK, weak, bytes]), []);
    expect(&[], &[ASK, ("etag", "\"a\""), bytes], &[]);
}

#[test]
fn a_date_is_a_poor_validator() {
    let modified = ("last-modified", GMT);
    expect(&[], &[ASK, modified], &[Code::DateOnlyValidator]);
    expect(&[], &[ASK, modified, ("etag", "\"a\"")], &[]);
    assert_eq!(told("GET", &[], 304, &[ASK, modified]), []);
    assert_eq!(told("PUT", &[], 200, &[ASK, modified]), []);
}

/// R-9111-5.2.2.5-a.
#[test]
fn what_nobody_keeps_needs_no_validator() {
    let no_store = ("cache-control", "no-store");
    let tag = ("etag", "\"a\"");
    let codes = [Code::ValidatorBesideNoStore];
    expect(&[], &[no_store, tag], &codes);
    expect(&[], &[no_store], &[]);
    expect(&[], &[ASK, tag], &[]);
    assert_eq!(told("PUT", &[], 200, &[no_store, tag]), []);
    assert_eq!(told("GET", &[], 404, &[no_store, tag]), []);
}

/// R-9110-13.1.2-a.
#[test]
fn a_304_was_due() {
    let names = ("if-none-match", "\"x\", W/\"a\"");
    let tag = ("etag", "\"a\"");
    let missed = [Code::Missed304];
    expect(&[names], &[ASK, tag], &missed);
    assert_eq!(told("HEAD", &[names], 200, &[ASK, tag]), missed);
    assert_eq!(told("GET", &[names], 206, &[ASK, tag]), missed);
    expect(&[("if-none-match", "\"x\"")], &[ASK, tag], &[]);
    expect(&[names], &[ASK, ("etag", "\"b\"")], &[]);
    assert_eq!(told("GET", &[names], 304, &[ASK, tag]), []);
    assert_eq!(told("GET", &[names], 404, &[ASK, tag]), []);
    assert_eq!(told("POST", &[names], 200, &[ASK, tag]), []);
    // R-9111-5.2.1-a: a reload may be answered in full.
    expect(&[names, ("cache-control", "no-cache")], &[ASK, tag], &[]);
}

/// R-9110-12.5.5-a.
#[test]
fn what_was_chosen_is_named_in_vary() {
    let gzip = ("accept-encoding", "gzip");
    let coded = ("content-encoding", "gzip");
    let german = ("accept-language", "de");
    let language = ("content-language", "de");
    let coding = [Code::CodingWithoutVary];
    expect(&[gzip], &[ASK, coded], &coding);
    expect(&[gzip], &[ASK, coded, ("vary", "accept, origin")], &coding);
    assert_eq!(told("GET", &[gzip], 206, &[ASK, coded]), coding);
    expect(&[german], &[ASK, language], &[Code::LanguageWithoutVary]);

    expect(
        &[gzip],
        &[ASK, coded, ("vary", "Origin, Accept-Encoding")],
        &[],
    );
    expect(&[gzip], &[ASK, ("content-encoding", "identity")], &[]);
    expect(&[gzip], &[ASK], &[]);
    // Nothing was negotiated with who accepts nothing in particular.
    expect(&[], &[ASK, coded, language], &[]);
    expect(
        &[german],
        &[ASK, language, ("vary", "accept-language")],
        &[],
    );
    expect(&[gzip], &[("cache-control", "no-store"), coded], &[]);
    assert_eq!(told("GET", &[gzip], 304, &[ASK]), []);
}

/// R-9110-12.5.5-c, R-9110-12.5.5-d.
#[test]
fn some_members_of_vary_are_of_no_use() {
    expect(&[], &[ASK, ("vary", "accept, *")], &[Code::VaryAny]);
    let authorization = ("vary", "Authorization");
    expect(&[], &[ASK, authorization], &[Code::VaryAuthorization]);
    expect(&[], &[ASK, ("vary", "accept, cookie")], &[]);
}

/// R-9111-7.3-a.
#[test]
fn a_cookie_is_for_one_user() {
    let cookie = ("set-cookie", "sid=1");
    let shared = [Code::SharedCookie];
    for policy in [
        "public, max-age=60",
        "max-age=60",
        "s-maxage=60",
        "private=\"x\"",
    ] {
        expect(&[], &[cookie, ("cache-control", policy)], &shared);
    }
    expect(&[], &[cookie], &[Code::SharedCookie, Code::NoPolicy]);
    for policy in [
        "private",
        "private, max-age=60",
        "no-store",
        "no-cache",
        "no-cache=\"set-cookie\", max-age=60",
        "private=\"Set-Cookie\", max-age=60",
        "max-age=0",
        "s-maxage=0, max-age=60",
    ] {
        expect(&[], &[cookie, ("cache-control", policy)], &[]);
    }
    // No cache keeps these.
    assert_eq!(told("POST", &[], 200, &[cookie]), []);
    assert_eq!(told("GET", &[], 302, &[cookie]), []);
    assert_eq!(told("GET", &[], 401, &[cookie]), []);
    expect(&[], &[("cache-control", "max-age=60")], &[]);
}

/// R-9111-3.5-a.
#[test]
fn an_answer_to_authorization_is_for_one_user() {
    let user = ("authorization", "Bearer x");
    for policy in [
        "public, max-age=60",
        "s-maxage=60",
        "public",
        "must-revalidate, max-age=60",
    ] {
        let policy = ("cache-control", policy);
        expect(&[user], &[policy], &[Code::SharedAuthorization]);
        expect(&[], &[policy], &[]);
    }
    for policy in [
        "private, max-age=60",
        "max-age=60",
        "no-store",
        "public, no-cache",
        "must-revalidate",
        "s-maxage=0",
    ] {
        expect(&[user], &[("cache-control", policy)], &[]);
    }
}

/// R-9213-2.2-a.
#[test]
fn a_targeted_field_counts_instead() {
    let user = ("authorization", "Bearer x");
    let cookie = ("set-cookie", "sid=1");
    let private = ("cache-control", "private");
    for name in [
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "surrogate-control",
    ] {
        let shared = (name, "max-age=60");
        expect(&[user], &[private, shared], &[Code::SharedAuthorization]);
        expect(&[], &[private, shared, cookie], &[Code::SharedCookie]);
        expect(&[], &[private, shared], &[Code::LaxerTargetedField]);
        let no_store = ("cache-control", "no-store");
        expect(&[], &[no_store, shared], &[Code::LaxerTargetedField]);
        expect(&[], &[ASK, shared], &[]);
        for kept_back in ["private", "no-store", "max-age=0"] {
            expect(&[user], &[private, cookie, (name, kept_back)], &[]);
        }
    }
    expect(&[user], &[private, ("x-cache-control", "max-age=60")], &[]);
}

/// R-9213-2.1-a.
#[test]
fn a_targeted_field_is_a_dictionary() {
    for name in ["cdn-cache-control", "x-cdn-cache-control"] {
        for bad in [
            "",
            " ",
            "Max-Age=60",
            "max-age=60;",
            "max-age=60, ",
            "max-age=\"60",
            "max-age =60",
            "max-age=",
            "max-age",
            "max-age=\"60\"",
            "s-maxage=-1",
            "stale-if-error=1.5",
            "stale-while-revalidate=a",
            "x=/a b",
        ] {
            expect(&[], &[ASK, (name, bad)], &[Code::MalformedTargetedField]);
        }
        for good in [
            "no-store",
            "max-age=60",
            "max-age=60;x=1, must-revalidate,no-transform",
            "no-cache=\"set-cookie\"",
            "max-age=60, max-age=0",
            "s-maxage=60, stale-if-error=0, *x=?0",
        ] {
            expect(&[], &[ASK, (name, good)], &[]);
        }
        expect(&[], &[ASK, (name, "max-age=60"), (name, "s-maxage=0")], &[]);
        let lines = [ASK, (name, "max-age=60"), (name, "")];
        expect(&[], &lines, &[Code::MalformedTargetedField]);
    }
    // These have a form of their own.
    expect(&[], &[ASK, ("surrogate-control", "max-age=60+30")], &[]);
    expect(&[], &[ASK, ("x-cache-control", "Max-Age")], &[]);
    let codes = told("POST", &[], 500, &[("cdn-cache-control", "")]);
    assert_eq!(codes, [Code::MalformedTargetedField]);
}

/// R-9211-2-a.
#[test]
fn a_cache_says_what_it_did() {
    for bad in [
        "origin; hit; fwd=miss",
        "a; hit, b; fwd=miss; hit=?1",
        "a; fwd=stale, \"b\"; hit; fwd=uri-miss",
        "\"a",
        "a hit",
        "(a b); hit",
        "?1",
        "1; hit",
        "a; hit,",
        "a; Hit",
    ] {
        let codes = [Code::MalformedCacheStatus];
        expect(&[], &[ASK, ("cache-status", bad)], &codes);
    }
    for good in [
        "",
        "a; hit",
        "a; hit; ttl=-412",
        "\"a b\"; fwd=stale; fwd-status=304; collapsed",
        "a; hit=?0; fwd=miss; stored",
        "a; hit, b.example; fwd=uri-miss; detail=\"hit; fwd\"",
    ] {
        expect(&[], &[ASK, ("cache-status", good)], &[]);
    }
    let lines = [
        ASK,
        ("cache-status", "a; hit"),
        ("cache-status", "b; fwd=miss"),
    ];
    expect(&[], &lines, &[]);
}

/// R-9111-5.2-a, R-9111-5.2.2.1-a.
#[test]
fn a_policy_has_a_form() {
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
        let codes = told("GET", &[], 200, &[("cache-control", bad)]);
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
fn directives_go_together() {
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
fn directives_have_an_effect() {
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
fn expires_agrees() {
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
fn caches_guess_where_nothing_is_said() {
    for status in [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501] {
        let codes = [Code::NoPolicy];
        assert_eq!(told("GET", &[], status, &[]), codes, "{status}");
        assert_eq!(told("HEAD", &[], status, &[]), codes, "{status}");
        assert_eq!(told("POST", &[], status, &[]), [], "{status}");
        assert_eq!(told("GET", &[], status, &[ASK]), [], "{status}");
        assert_eq!(
            told("GET", &[], status, &[("expires", "0")]),
            [],
            "{status}"
        );
    }
    for status in [201, 302, 304, 307, 400, 401, 403, 412, 500, 503] {
        assert_eq!(told("GET", &[], status, &[]), [], "{status}");
    }
}

#[test]
fn a_lifetime_has_a_limit() {
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
fn errors_are_not_kept() {
    let minute = ("cache-control", "max-age=60");
    for status in [400, 401, 403, 409, 412, 422, 428, 429, 499, 500, 503] {
        let codes = told("GET", &[], status, &[minute]);
        assert_eq!(codes, [Code::CacheableError], "{status}");
        for policy in ["no-store", "max-age=0", "no-cache"] {
            assert_eq!(told("GET", &[], status, &[("cache-control", policy)]), []);
        }
    }
    let day = ("cache-control", "max-age=86400");
    for status in [404, 405, 414, 501] {
        assert_eq!(told("GET", &[], status, &[minute]), [], "{status}");
        assert_eq!(told("GET", &[], status, &[day]), [Code::CacheableError]);
    }
    for status in [200, 301, 302, 410] {
        assert_eq!(told("GET", &[], status, &[day]), [], "{status}");
    }
}

/// R-9213-2.2-a: nor by those that do not look at `Cache-Control`.
#[test]
fn errors_are_not_kept_by_a_cdn() {
    let never = ("cache-control", "no-store");
    for name in ["cdn-cache-control", "surrogate-control"] {
        let told = |method, status, targeted| {
            let codes = told(method, &[], status, &[never, (name, targeted)]);
            let own = |code: &&Code| **code != Code::LaxerTargetedField;
            Vec::from_iter(codes.iter().filter(own).copied())
        };
        assert_eq!(told("GET", 500, "max-age=60"), [Code::CacheableError]);
        assert_eq!(told("GET", 404, "s-maxage=86400"), [Code::CacheableError]);
        assert_eq!(told("POST", 200, "max-age=60"), [Code::LifetimeOnMethod]);
        for fine in [
            "no-store",
            "private, max-age=60",
            "no-cache=x, max-age=0",
            "max-age=60, s-maxage=0",
        ] {
            assert_eq!(told("GET", 500, fine), [], "{fine}");
            assert_eq!(told("POST", 200, fine), [], "{fine}");
        }
        assert_eq!(told("GET", 404, "max-age=60"), []);
        assert_eq!(told("GET", 200, "max-age=60"), []);
    }
}

/// R-9110-9.3.3-a.
#[test]
fn methods_that_caches_do_not_keep_have_no_lifetime() {
    let minute = ("cache-control", "max-age=60");
    let here = ("content-location", "/notes/1");
    let elsewhere = ("content-location", "/notes/2");
    let codes = [Code::LifetimeOnMethod];
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO"] {
        assert_eq!(told(method, &[], 200, &[minute]), codes, "{method}");
        assert_eq!(told(method, &[], 200, &[minute, elsewhere]), codes);
        assert_eq!(told(method, &[], 200, &[ASK]), [], "{method}");
        assert_eq!(told(method, &[], 200, &[]), [], "{method}");
    }
    for (method, codes) in [("POST", &[][..]), ("PATCH", &[]), ("PUT", &codes)] {
        assert_eq!(told(method, &[], 200, &[minute, here]), codes, "{method}");
    }
    for method in ["GET", "HEAD", "QUERY"] {
        assert_eq!(told(method, &[], 200, &[minute]), [], "{method}");
    }
}

/// R-9111-5.1-a, R-9111-5.2.2.5-a.
#[test]
fn some_fields_are_not_for_origins() {
    expect(&[], &[ASK, ("age", "0")], &[Code::AgeFromOrigin]);
    expect(&[], &[ASK, ("pragma", "no-cache")], &[Code::ObsoleteField]);
    expect(&[], &[ASK, ("warning", "110 - x")], &[Code::ObsoleteField]);
    expect(&[("pragma", "no-cache")], &[ASK], &[]);
}

/// No input makes a rule panic.
#[test]
fn any_bytes_are_judged() {
    let odd = [
        "",
        "\u{e4}\u{f6}",
        "\"",
        "=",
        ",,,",
        "W/",
        "Basic =",
        "Basic ",
        "a=\"\\",
    ];
    let names = [
        "authorization",
        "cookie",
        "if-none-match",
        "etag",
        "vary",
        "cache-control",
        "expires",
        "last-modified",
        "surrogate-control",
        "cdn-cache-control",
        "cache-status",
        "accept-ranges",
        "date",
    ];
    for value in odd {
        let lines: Vec<_> = names.iter().map(|name| (*name, value)).collect();
        told("GET", &lines, 200, &lines);
        told("PUT", &lines, 304, &lines);
    }
}

/// Issue 10, B.4: a script of another origin reads `ETag` only if it is exposed.
#[test]
fn a_tag_for_other_origins_is_exposed() {
    let advice = [Code::TagNotExposed];
    let any = ("access-control-allow-origin", "*");
    let one = ("access-control-allow-origin", "https://app.example");
    let credentials = ("access-control-allow-credentials", "true");
    let tag = ("etag", "\"a\"");
    let expose = |names: &'static str| ("access-control-expose-headers", names);
    for origin in [any, one] {
        expect(&[], &[ASK, tag, origin], &advice);
        expect(&[], &[ASK, tag, origin, expose("Link, x-etag")], &advice);
        expect(&[], &[ASK, tag, origin, expose("*"), credentials], &advice);
        expect(&[], &[ASK, tag, origin, expose("*")], &[]);
        expect(
            &[],
            &[ASK, tag, origin, expose("link"), expose("X, etag")],
            &[],
        );
        expect(
            &[],
            &[ASK, tag, origin, expose("*, ETag"), credentials],
            &[],
        );
        let not = ("access-control-allow-credentials", "false");
        expect(&[], &[ASK, tag, origin, expose("*"), not], &[]);
        expect(&[], &[ASK, origin], &[]);
        assert_eq!(told("PUT", &[], 204, &[tag, origin]), advice);
        assert_eq!(told("PUT", &[], 412, &[tag, origin]), advice);
    }
    expect(&[], &[ASK, tag], &[]);
}

/// Issue 10, B.4: a browser asks first, and sends no condition that is not allowed.
#[test]
fn a_preflight_allows_conditions() {
    let preflight = |method: &str, wanted: &str, allowed: Lines<'_>| {
        let request = [
            ("access-control-request-method", method),
            ("access-control-request-headers", wanted),
        ];
        let origin = ("access-control-allow-origin", "https://app.example");
        let methods = ("access-control-allow-methods", "PUT, PATCH");
        told(
            "OPTIONS",
            &request,
            204,
            &[&[origin, methods], allowed].concat(),
        )
    };
    let headers = |names: &'static str| ("access-control-allow-headers", names);
    let credentials = ("access-control-allow-credentials", "true");
    let advice = [Code::ConditionNotAllowed];
    for wanted in ["if-match", "content-type, If-None-Match"] {
        for method in ["PUT", "GET"] {
            assert_eq!(preflight(method, wanted, &[]), advice);
            assert_eq!(
                preflight(method, wanted, &[headers("content-type")]),
                advice
            );
            assert_eq!(
                preflight(method, wanted, &[headers("*"), credentials]),
                advice
            );
            assert_eq!(preflight(method, wanted, &[headers("*")]), []);
            assert_eq!(
                preflight(method, wanted, &[headers("If-Match, if-none-match")]),
                []
            );
        }
        // Nothing of it is allowed.
        assert_eq!(preflight("DELETE", wanted, &[]), []);
    }
    assert_eq!(preflight("PUT", "content-type", &[]), []);
    assert_eq!(
        told(
            "OPTIONS",
            &[("access-control-request-headers", "if-match")],
            204,
            &[]
        ),
        []
    );
}

/// Issue 10, A.1: a write that is conditional and nevertheless gets 428.
#[test]
fn a_condition_that_is_required_is_seen() {
    let overlooked = [Code::ConditionOverlooked];
    assert_eq!(told("PUT", &[("if-match", "\"a\"")], 428, &[]), overlooked);
    assert_eq!(
        told("DELETE", &[("if-match", "W/\"b\", \"a\"")], 428, &[]),
        overlooked
    );
    for other in ["*", "W/\"a\"", "a", "\"a\", b", ""] {
        assert_eq!(told("PUT", &[("if-match", other)], 428, &[]), [], "{other}");
    }
    assert_eq!(told("PUT", &[("if-none-match", "*")], 428, &[]), []);
    assert_eq!(told("PUT", &[("if-match", "\"a\"")], 412, &[]), []);
    assert_eq!(told("GET", &[("if-match", "\"a\"")], 428, &[]), []);
}
