//! A 304 after a 200, with and without findings.

use super::{
    Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, expect, get, not_modified, ok,
    request, write,
};

const A: (&str, &str) = ("etag", "\"a\"");
const B: (&str, &str) = ("etag", "\"b\"");
const WEAK: (&str, &str) = ("etag", "W/\"a\"");
const VARY: (&str, &str) = ("vary", "accept-encoding");
const NAMED: (&str, &str) = ("if-none-match", "\"a\"");
const ANY: (&str, &str) = ("if-none-match", "*");
const SINCE: (&str, &str) = ("if-modified-since", "Fri, 31 Jan 2025 12:00:00 GMT");
const MINUTE: (&str, &str) = ("cache-control", "max-age=60");
const HOUR: (&str, &str) = ("cache-control", "max-age=3600");
const LOCATION: (&str, &str) = ("content-location", "/a");

/// A 200 with the content "hello", then a 304 with these headers to a request with its tag.
#[track_caller]
fn then(full: Lines<'_>, fields: Lines<'_>, codes: &[Code]) {
    expect(
        (&[], &ok(full, "hello")),
        (&[NAMED], &not_modified(fields)),
        codes,
    );
}

/// A 200, a 304, and the 200 again. The first two alone lead to no finding.
#[track_caller]
fn between(lines: [Lines<'_>; 3], codes: &[Code]) {
    let [before, revalidated, after] = lines;
    let audit = Audit::new();
    get(&audit, &[], &ok(before, "hello"));
    get(&audit, &[NAMED], &not_modified(revalidated));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(after, "hello"));
    assert_codes(&audit, codes);
}

/// R-9110-15.4.5-a.
#[test]
fn a_304_has_the_tag_of_the_200() {
    let named = ("if-none-match", "\"a\"");
    let missing = [Code::TagMissingOn304];
    expect(
        (&[], &ok(&[A], "a")),
        (&[named], &not_modified(&[])),
        &missing,
    );
    expect((&[], &ok(&[A], "a")), (&[named], &not_modified(&[A])), &[]);
    expect(
        (&[], &ok(&[A], "a")),
        (&[named], &not_modified(&[WEAK])),
        &[],
    );
    // For another state, and for a 200 without a tag.
    let other = ("if-none-match", "\"x\"");
    expect((&[], &ok(&[A], "a")), (&[other], &not_modified(&[])), &[]);
    let since = ("if-modified-since", "Fri, 31 Jan 2025 12:00:00 GMT");
    expect((&[], &ok(&[], "a")), (&[since], &not_modified(&[])), &[]);
}

/// R-9110-15.4.5-e.
#[test]
fn a_304_has_the_vary_of_the_200() {
    let named = ("if-none-match", "\"a\"");
    let full = ok(&[A, VARY], "a");
    let missing = [Code::VaryMissingOn304];
    expect((&[], &full), (&[named], &not_modified(&[A])), &missing);
    let other = ("vary", "origin");
    expect(
        (&[], &full),
        (&[named], &not_modified(&[A, other])),
        &missing,
    );
    for vary in ["Accept-Encoding", "origin, accept-encoding"] {
        let answer = [A, ("vary", vary)];
        expect((&[], &full), (&[named], &not_modified(&answer)), &[]);
    }
    // Another state.
    let other = ("if-none-match", "\"b\"");
    expect((&[], &full), (&[other], &not_modified(&[B])), &[]);
}

/// R-9110-15.4.5-a.
#[test]
fn a_304_has_the_policy_of_the_200() {
    let minute = ("cache-control", "max-age=60");
    let private = ("cache-control", "private, max-age=60");
    let hour = ("cache-control", "max-age=3600");
    let shared = ("cache-control", "max-age=60, s-maxage=3600");
    let equal = ("cache-control", "max-age=60, s-maxage=60");
    let no_cache = ("cache-control", "no-cache");
    let laxer = &[Code::LaxerOn304][..];
    let rows: [(_, Option<_>, &[Code]); 12] = [
        (minute, Some(minute), &[]),
        (minute, None, &[Code::PolicyMissingOn304]),
        (minute, Some(hour), laxer),
        (minute, Some(shared), laxer),
        // Shared caches had the same time, and must not use it stale any more.
        (minute, Some(equal), &[]),
        (minute, Some(private), &[]),
        (minute, Some(no_cache), &[]),
        (private, Some(minute), laxer),
        (no_cache, Some(minute), laxer),
        (hour, Some(minute), &[]),
        (("cache-control", "no-store"), Some(minute), laxer),
        (
            ("cache-control", "must-revalidate"),
            Some(("cache-control", "public")),
            laxer,
        ),
    ];
    for (full, answer, codes) in rows {
        let audit = Audit::new().allow([Code::ValidatorBesideNoStore]);
        get(&audit, &[], &ok(&[A, full], "a"));
        let fields: Vec<_> = [Some(A), answer].into_iter().flatten().collect();
        get(
            &audit,
            &[("if-none-match", "\"a\"")],
            &not_modified(&fields),
        );
        assert_codes(&audit, codes);
        // Another user may have another policy.
        let audit = Audit::new().allow([Code::ValidatorBesideNoStore]);
        get(&audit, &[("authorization", "x")], &ok(&[A, full], "a"));
        audit.clear();
        get(&audit, &[("cookie", "u=1")], &ok(&[A, full], "a"));
        get(
            &audit,
            &[("if-none-match", "\"a\"")],
            &not_modified(&fields),
        );
        assert_codes(&audit, &[]);
    }
}

/// Issue 10, B.4, R-9110-15.4.5-a: also for `*`, and for a date without a write in between.
#[test]
fn a_304_for_an_asterisk_or_a_date_has_the_tag_of_the_200() {
    let missing = [Code::TagMissingOn304];
    for condition in [ANY, SINCE, ("if-none-match", " * ")] {
        let full = ok(&[A], "a");
        expect((&[], &full), (&[condition], &not_modified(&[])), &missing);
        expect((&[], &full), (&[condition], &not_modified(&[A])), &[]);
        expect(
            (&[], &ok(&[], "a")),
            (&[condition], &not_modified(&[])),
            &[],
        );
        // Another user, and another state.
        let user = ("cookie", "u=1");
        expect((&[], &full), (&[condition, user], &not_modified(&[])), &[]);
        let audit = Audit::new();
        get(&audit, &[], &full);
        write(&audit);
        get(&audit, &[condition], &not_modified(&[]));
        assert_codes(&audit, &[]);
    }
    // If a tag is named, only the tag decides.
    let other = ("if-none-match", "\"x\"");
    expect(
        (&[], &ok(&[A], "a")),
        (&[other, SINCE], &not_modified(&[])),
        &[],
    );
    expect(
        (&[], &ok(&[A], "a")),
        (&[ANY, other], &not_modified(&[])),
        &[],
    );
    expect((&[], &ok(&[A], "a")), (&[], &not_modified(&[])), &[]);
}

/// R-9110-13.1.2-a: a cache would put one tag on the content of another.
#[test]
fn a_304_has_a_tag_that_was_named() {
    let other = [Code::OtherTagOn304];
    let one = |condition: Lines<'_>, fields: Lines<'_>, codes: &[Code]| {
        let audit = Audit::new();
        for method in ["GET", "HEAD"] {
            let layer = AuditLayer::new(audit.clone());
            exchange(
                &layer,
                request(method, "/", condition),
                &not_modified(fields),
            );
        }
        assert_codes(&audit, codes);
    };
    one(&[NAMED], &[B], &other);
    one(&[("if-none-match", "\"a\", W/\"c\"")], &[B], &other);
    one(&[("if-none-match", "\"a\", W/\"b\"")], &[B], &[]);
    one(&[NAMED], &[WEAK], &[]);
    one(&[ANY], &[B], &[]);
    one(&[SINCE], &[B], &[]);
    // A malformed member has no known meaning.
    one(&[("if-none-match", "\"a\", b")], &[B], &[]);
    one(&[], &[B], &[]);
}

/// Issue 10, B.4 and A.4, R-9110-15.4.5-a: the other headers of section 15.4.5.
#[test]
fn a_304_has_expires_and_the_location_of_the_200() {
    let date = ("expires", "Fri, 31 Jan 2525 12:00:00 GMT");
    let missing = [Code::MissingOn304];
    then(&[A, LOCATION], &[A], &missing);
    then(&[A, date], &[A], &missing);
    then(&[A, LOCATION, date], &[A, LOCATION, date], &[]);
    // More than the 200 had.
    then(&[A], &[A, LOCATION, date], &[]);
    let elsewhere = ("content-location", "/b");
    then(&[A, LOCATION], &[A, elsewhere], &[Code::DiffersOn304]);
}

/// Issue 10, A.4: a write or another user explains the difference.
#[test]
fn the_state_may_change_before_a_304() {
    let full = [A, VARY, MINUTE, LOCATION, ("expires", "0")];
    let audit = Audit::new();
    get(&audit, &[], &ok(&full, "hello"));
    write(&audit);
    get(&audit, &[NAMED], &not_modified(&[A]));
    assert_codes(&audit, &[]);
    let codes = [
        Code::MissingOn304,
        Code::VaryMissingOn304,
        Code::PolicyMissingOn304,
    ];
    get(&audit, &[], &ok(&full, "hello"));
    get(&audit, &[NAMED], &not_modified(&[A]));
    assert_codes(&audit, &codes);

    for other in [("cookie", "u=1"), ("accept-encoding", "gzip")] {
        let audit = Audit::new();
        get(&audit, &[], &ok(&full, "hello"));
        get(&audit, &[NAMED, other], &not_modified(&[A, VARY]));
        assert_codes(&audit, &[]);
    }

    // Instances may be configured differently.
    let audit = Audit::new();
    for (name, condition, answer) in [
        ("one", &[][..], ok(&full, "hello")),
        ("other", &[NAMED], not_modified(&[A])),
    ] {
        let layer = AuditLayer::new(audit.clone()).instance(name);
        exchange(&layer, request("GET", "/", condition), &answer);
    }
    assert_codes(&audit, &[]);

    // Without a tag, only the time shows to which 200 a 304 belongs.
    for (disturb, codes) in [(true, &[][..]), (false, &[Code::PolicyMissingOn304])] {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[MINUTE], "hello"));
        if disturb {
            write(&audit);
        }
        get(&audit, &[SINCE], &not_modified(&[]));
        assert_codes(&audit, codes);
    }
}

/// Issue 10, A.4: a fixed date, one that moves with time, and another one.
#[test]
fn a_304_expires_when_the_200_does() {
    const NOON: (&str, &str) = ("date", "Fri, 31 Jan 2025 12:00:00 GMT");
    const LATER: (&str, &str) = ("date", "Fri, 31 Jan 2025 12:01:00 GMT");
    const IN_ONE: (&str, &str) = ("expires", "Fri, 31 Jan 2025 12:01:00 GMT");
    const IN_TWO: (&str, &str) = ("expires", "Fri, 31 Jan 2025 12:02:00 GMT");
    const IN_FIVE: (&str, &str) = ("expires", "Fri, 31 Jan 2025 12:05:00 GMT");
    let laxer = [Code::LaxerOn304];
    let differs = [Code::DiffersOn304];
    // In one minute, and always at five.
    then(&[A, NOON, IN_ONE], &[A, LATER, IN_TWO], &[]);
    then(&[A, NOON, IN_FIVE], &[A, LATER, IN_FIVE], &[]);
    then(&[A, NOON, IN_ONE], &[A, NOON, IN_FIVE], &laxer);
    then(&[A, NOON, IN_ONE], &[A, LATER, IN_FIVE], &laxer);
    then(&[A, NOON, ("expires", "0")], &[A, NOON, IN_ONE], &laxer);
    // Beside max-age it is ignored.
    then(
        &[A, MINUTE, NOON, ("expires", "0")],
        &[A, MINUTE, NOON, IN_ONE],
        &[],
    );
    let [one, two] = [[A, NOON, IN_FIVE], [A, NOON, IN_ONE]];
    between([&one, &two, &one], &differs);
    between([&one, &two, &two], &[]);
    between([&one, &[A, LATER, IN_FIVE], &[A, LATER, IN_FIVE]], &[]);
}

/// Issue 10, A.4: a stricter policy may be intended, unless the next 200 has the old one.
#[test]
fn a_304_has_no_policy_of_its_own() {
    let differs = [Code::DiffersOn304];
    let no_cache = ("cache-control", "no-cache");
    between([&[A, HOUR], &[A, no_cache], &[A, HOUR]], &differs);
    between([&[A, HOUR], &[A, MINUTE], &[A, HOUR]], &differs);
    between([&[A, HOUR], &[A, MINUTE], &[A, MINUTE]], &[]);
    between(
        [
            &[A, HOUR],
            &[A, ("cache-control", "Max-Age=3600")],
            &[A, HOUR],
        ],
        &[],
    );
}

/// Issue 10, B.4, R-9110-8.6-a: the length of the 200, or none.
#[test]
fn a_304_has_the_length_of_the_200_or_none() {
    let length = |digits: &'static str| ("content-length", digits);
    let wrong = [Code::LengthOn304];
    then(&[A], &[A, length("5")], &[]);
    then(&[A], &[A, length("0")], &wrong);
    then(&[A], &[A, length("4")], &wrong);
    then(&[A], &[A, length("x")], &wrong);
    // A weak tag may have contents of several lengths, but hardly zero.
    then(&[WEAK], &[WEAK, length("4")], &[]);
    then(&[WEAK], &[WEAK, length("0")], &wrong);

    for method in ["GET", "HEAD"] {
        let judge = |full: Option<&Answer<'_>>, condition, fields: Lines<'_>, codes: &[Code]| {
            let audit = Audit::new();
            if let Some(full) = full {
                get(&audit, &[], full);
            }
            let layer = AuditLayer::new(audit.clone());
            exchange(
                &layer,
                request(method, "/", &[condition]),
                &not_modified(fields),
            );
            assert_codes(&audit, codes);
        };
        judge(None, NAMED, &[A, length("0")], &wrong);
        judge(None, NAMED, &[A, length("5")], &[]);
        // The content is empty.
        let empty = ok(&[A], "");
        judge(Some(&empty), NAMED, &[A, length("0")], &[]);
        judge(
            Some(&empty),
            ANY,
            &[length("0")],
            if method == "GET" {
                &[Code::TagMissingOn304]
            } else {
                &[]
            },
        );
        // Another state.
        let other = ("if-none-match", "\"b\"");
        judge(Some(&ok(&[A], "a")), other, &[B, length("5")], &[]);
        judge(Some(&ok(&[], "hello")), SINCE, &[length("4")], &wrong);
    }
}

/// Issue 10, B.4: the stored page has the nonce of the 200.
#[test]
fn a_304_has_no_other_nonce() {
    const CSP: &str = "content-security-policy";
    const REPORT: &str = "content-security-policy-report-only";
    let wrong = [Code::NonceOn304];
    for name in [CSP, REPORT] {
        let one = (
            name,
            "default-src 'self'; script-src 'nonce-b25l' 'strict-dynamic'",
        );
        let other = (name, "default-src 'self'; script-src 'nonce-b3RoZXI='");
        let upper = (name, "script-src 'NONCE-b3RoZXI='");
        then(&[A, one], &[A, other], &wrong);
        then(&[A, one], &[A, upper], &wrong);
        then(&[A], &[A, other], &wrong);
        then(
            &[A, one],
            &[A, (name, "img-src 'self', script-src 'nonce-b3RoZXI='")],
            &wrong,
        );
        then(&[A, one], &[A, one, ("x-frame-options", "deny")], &[]);
        then(&[A, one], &[A], &[]);
        for harmless in [
            "script-src 'self'",
            "script-src 'sha256-b3RoZXI='",
            "script-src 'nonce-",
            "script-src nonce-b3RoZXI=",
            "report-uri /'nonce-b3RoZXI='",
            "script-src 'nonce-'",
        ] {
            then(&[A, one], &[A, (name, harmless)], &[]);
        }
        // No 200 is known.
        for method in ["GET", "HEAD"] {
            let audit = Audit::new();
            let layer = AuditLayer::new(audit.clone());
            exchange(
                &layer,
                request(method, "/", &[NAMED]),
                &not_modified(&[A, one]),
            );
            assert_codes(&audit, &wrong);
            let detail = format!("{name} has a nonce that the page does not");
            assert_eq!(audit.findings()[0].detail(), detail);
        }
        // Each 200 has a nonce of its own.
        expect(
            (&[], &ok(&[A, one], "a")),
            (&[], &ok(&[A, other], "a")),
            &[],
        );
    }
}
