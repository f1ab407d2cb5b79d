//! A 304 beside its 200: policies by their effect, tags, codings, `Vary` and CORS.

use super::{
    Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, expect, get, not_modified, ok,
    request,
};

const A: (&str, &str) = ("etag", "\"a\"");
const WEAK: (&str, &str) = ("etag", "W/\"a\"");
const NAMED: (&str, &str) = ("if-none-match", "\"a\"");
const VARY: (&str, &str) = ("vary", "accept-encoding");
const DIFFERS: [Code; 1] = [Code::DiffersOn304];

/// Issue 18, review-1: `R-9110-15.4.5-a`, for a 304, a `HEAD` and a part.
#[test]
fn a_policy_is_compared_by_its_effect() {
    let rows = [
        ("public", "max-age=0", false),
        ("private", "no-store", false),
        ("no-cache", "max-age=0, must-revalidate", false),
        ("must-revalidate, max-age=60", "no-cache", false),
        ("max-age=60", "max-age=60, s-maxage=10", false),
        ("max-age=60", "max-age=60, stale-if-error=86400", true),
        ("max-age=60, proxy-revalidate", "max-age=60", true),
        ("max-age=60, private=\"x\"", "max-age=60", true),
    ];
    for (before, now, is_laxer) in rows {
        let [full, fields] = [before, now].map(|policy| [A, ("cache-control", policy)]);
        for (method, status, code) in [
            ("GET", 304, Code::LaxerOn304),
            ("HEAD", 200, Code::HeadDiffers),
            ("GET", 206, Code::PartDiffers),
        ] {
            // One response by itself may have these.
            let audit = Audit::new().allow([Code::ValidatorBesideNoStore, Code::Weakness]);
            get(&audit, &[], &ok(&full, "a"));
            let condition: Lines<'_> = if status == 304 { &[NAMED] } else { &[] };
            let answer = Answer {
                status,
                ..not_modified(&fields)
            };
            let layer = AuditLayer::new(audit.clone());
            exchange(&layer, request(method, "/", condition), &answer);
            let codes = [code];
            assert_codes(&audit, if is_laxer { &codes } else { &[] });
        }
    }
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A, ("cache-control", "no-cache")], "a"));
    let lax = [A, ("cache-control", "max-age=5")];
    get(&audit, &[NAMED], &not_modified(&lax));
    let findings = audit.findings();
    assert_eq!(
        findings[0].detail(),
        "fresh for a longer time: max-age=5 where the 200 had no-cache"
    );
}

/// A 200, a 304, and then another 200.
#[track_caller]
fn between(lines: [Lines<'_>; 3], codes: &[Code]) {
    let audit = Audit::new().allow([Code::VaryAny]);
    get(&audit, &[], &ok(lines[0], "hello"));
    get(&audit, &[NAMED], &not_modified(lines[1]));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(lines[2], "hello"));
    assert_codes(&audit, codes);
}

/// Issue 18, BUG-3: `R-9110-15.4.5-e`.
#[test]
fn a_304_does_not_add_to_vary() {
    between([&[A], &[A, VARY], &[A]], &DIFFERS);
    // The service varies on it from now on.
    between([&[A], &[A, VARY], &[A, VARY]], &[Code::VaryDiffers]);
    between([&[A, VARY], &[A, VARY], &[A, VARY]], &[]);
    let any = ("vary", "*");
    between([&[A, any], &[A, VARY], &[A, any]], &[]);
}

/// Issue 18, BUG-3: clients replace their weak tag by the strong one.
#[test]
fn a_304_makes_no_tag_strong() {
    between([&[WEAK], &[A], &[WEAK]], &DIFFERS);
    // The tag became strong.
    between([&[WEAK], &[A], &[A]], &[]);
    between([&[A], &[WEAK], &[A]], &[]);
    between([&[WEAK], &[WEAK], &[WEAK]], &[]);
}

/// Issue 18, BUG-3: `R-9110-15.4.5-b`. Clients would decode their plain copy.
#[test]
fn a_304_adds_no_coding() {
    let gzip = ("content-encoding", "gzip");
    let plain = ("content-encoding", "identity");
    between([&[A], &[A, gzip], &[A]], &DIFFERS);
    between([&[A], &[A, plain], &[A]], &[]);
    between([&[A, gzip], &[A, gzip], &[A, gzip]], &[]);
    between([&[A, gzip], &[A], &[A, gzip]], &[]);
}

/// Issue 18, apps1-11: a script sees a network error in place of the 412. A 304 without the header
/// is right for the browser's own revalidation.
#[test]
fn a_script_may_read_a_304_and_a_refusal_as_the_200() {
    const ALLOW: &str = "access-control-allow-origin";
    let origin = ("origin", "https://app.example");
    let other = ("origin", "https://b.example");
    let expose = ("access-control-expose-headers", "etag");
    let [hidden, advice] = [Code::OriginNotAllowed, Code::OriginMissingOn304].map(|code| [code]);
    for (method, condition, status) in [
        ("GET", NAMED, 304),
        ("HEAD", NAMED, 304),
        ("PUT", ("if-match", "\"x\""), 412),
        ("PATCH", ("x-none", "x"), 428),
        ("PUT", ("if-match", "\"x\""), 403),
    ] {
        let [missing, wrong]: [&[Code]; 2] = match status {
            304 => [&advice, &hidden],
            403 => [&[], &[]],
            _ => [&hidden, &hidden],
        };
        for allow in ["*", origin.1].map(|value| (ALLOW, value)) {
            let expect_codes = |sent: Lines<'_>, fields: Lines<'_>, codes: &[Code]| {
                let audit = Audit::new();
                get(&audit, &[origin], &ok(&[A, allow, expose], "a"));
                let answer = Answer {
                    status,
                    ..not_modified(fields)
                };
                let layer = AuditLayer::new(audit.clone());
                exchange(&layer, request(method, "/", sent), &answer);
                assert_codes(&audit, codes);
            };
            expect_codes(&[condition, origin], &[A], missing);
            expect_codes(&[condition, origin], &[A, (ALLOW, other.1), expose], wrong);
            expect_codes(&[condition, origin], &[A, allow, expose], &[]);
            expect_codes(&[condition, other], &[A], &[]);
            expect_codes(&[condition], &[A], &[]);
        }
    }
    // No script may read the 200 either.
    for own in [&[A][..], &[A, (ALLOW, other.1), expose]] {
        expect(
            (&[origin], &ok(own, "a")),
            (&[origin, NAMED], &not_modified(&[A])),
            &[],
        );
    }
}
