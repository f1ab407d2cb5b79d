//! `HEAD` and 206 after a 200, with and without findings.

use super::{
    Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, get, not_modified, ok, read,
    request, response, send, write,
};

const A: (&str, &str) = ("etag", "\"a\"");
const B: (&str, &str) = ("etag", "\"b\"");
const WEAK: (&str, &str) = ("etag", "W/\"a\"");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const VARY: (&str, &str) = ("vary", "accept-encoding");
const MINUTE: (&str, &str) = ("cache-control", "max-age=60");
const HOUR: (&str, &str) = ("cache-control", "max-age=3600");
const NOON: (&str, &str) = ("last-modified", "Fri, 31 Jan 2025 12:00:00 GMT");
const LATER: (&str, &str) = ("last-modified", "Fri, 31 Jan 2025 12:00:01 GMT");
const EXPIRES: (&str, &str) = ("expires", "0");
const LOCATION: (&str, &str) = ("content-location", "/a");

const HEAD: [Code; 1] = [Code::HeadDiffers];
const PART: [Code; 1] = [Code::PartDiffers];
const MISSING: [Code; 1] = [Code::MissingOn206];

fn head(audit: &Audit, request_fields: Lines<'_>, fields: Lines<'_>) {
    let layer = AuditLayer::new(audit.clone());
    exchange(
        &layer,
        request("HEAD", "/", request_fields),
        &ok(fields, ""),
    );
}

fn part(audit: &Audit, request_fields: Lines<'_>, fields: Lines<'_>) {
    let answer = Answer {
        status: 206,
        fields,
        content: "x",
    };
    get(
        audit,
        &[&[("range", "bytes=0-0")], request_fields].concat(),
        &answer,
    );
}

/// A 200 to a `GET`, then a response to `HEAD`.
#[track_caller]
fn then_head(full: Lines<'_>, fields: Lines<'_>, codes: &[Code]) {
    let audit = Audit::new();
    get(&audit, &[], &ok(full, "hello"));
    head(&audit, &[], fields);
    assert_codes(&audit, codes);
}

/// A 200, then a 206.
#[track_caller]
fn then_part(full: Lines<'_>, fields: Lines<'_>, codes: &[Code]) {
    let audit = Audit::new();
    get(&audit, &[], &ok(full, "hello"));
    part(&audit, &[], fields);
    assert_codes(&audit, codes);
}

/// Three responses, of which the second is to `HEAD` or a 206.
#[track_caller]
fn between(lines: [Lines<'_>; 3], in_head: &[Code], in_part: &[Code]) {
    let [before, aside, after] = lines;
    for (send, codes) in [
        (head as fn(&Audit, Lines<'_>, Lines<'_>), in_head),
        (part, in_part),
    ] {
        let audit = Audit::new();
        get(&audit, &[], &ok(before, "hello"));
        send(&audit, &[], aside);
        assert_codes(&audit, &[]);
        get(&audit, &[], &ok(after, "hello"));
        assert_codes(&audit, codes);
        // The finding is reported once.
        let told = audit.findings().len();
        get(&audit, &[], &ok(after, "hello"));
        assert_eq!(audit.findings().len(), told);
    }
}

/// R-9110-9.3.2-a, R-9110-15.3.7-a: a difference between two equal 200s.
#[test]
fn head_and_206_agree_with_the_200s_around_them() {
    between([&[A], &[B], &[A]], &HEAD, &PART);
    between([&[A], &[A], &[A]], &[], &[]);
    between([&[WEAK], &[A], &[WEAK]], &[], &[]);
    between([&[A, NOON], &[A, LATER], &[A, NOON]], &HEAD, &PART);
    between([&[NOON], &[LATER], &[NOON]], &HEAD, &PART);
    // A file whose time changed, and the current time.
    between([&[A, NOON], &[A, LATER], &[A, LATER]], &[], &[]);
    let seconds = |rest: &'static str| [("cache-control", rest)];
    let [one, two, three] = ["max-age=60", "max-age=59", "max-age=58"].map(seconds);
    // The lifetime decreases.
    between([&one, &two, &three], &[], &[]);
    between([&one, &two, &one], &HEAD, &PART);
    between(
        [
            &[A, MINUTE],
            &[A, ("cache-control", "Max-Age=60")],
            &[A, MINUTE],
        ],
        &[],
        &[],
    );
    let no_cache = ("cache-control", "no-cache");
    between([&[A, MINUTE], &[A, no_cache], &[A, MINUTE]], &HEAD, &PART);
    // With a content encoding and without.
    between([&[A, GZIP, VARY], &[B, VARY], &[A, GZIP, VARY]], &[], &[]);
}

#[test]
fn the_state_may_change_around_head() {
    let around = |disturb: &dyn Fn(&Audit), after: Lines<'_>| {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[A], "a"));
        disturb(&audit);
        head(&audit, &[], &[B]);
        disturb(&audit);
        get(
            &audit,
            &[],
            &ok(after, if after == [A] { "a" } else { "b" }),
        );
        audit
    };
    assert_codes(&around(&|_| {}, &[A]), &HEAD);
    assert_codes(&around(&|_| {}, &[B]), &[]);
    assert_codes(&around(&write, &[A]), &[]);

    // Another user, another variant, another instance.
    for field in [("cookie", "u=1"), ("authorization", "x")] {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[A], "a"));
        head(&audit, &[field], &[B]);
        get(&audit, &[], &ok(&[A], "a"));
        assert_codes(&audit, &[]);
    }
    let audit = Audit::new();
    let (one, other) = ["one", "other"]
        .map(|name| AuditLayer::new(audit.clone()).instance(name))
        .into();
    exchange(&one, request("GET", "/", &[]), &ok(&[A], "a"));
    exchange(&other, request("HEAD", "/", &[]), &ok(&[B], ""));
    exchange(&one, request("GET", "/", &[]), &ok(&[A], "a"));
    assert_codes(&audit, &[]);
}

/// R-9111-3.2-a: a cache copies the headers that are there.
#[test]
fn head_and_206_grant_no_more() {
    let private = ("cache-control", "private, max-age=60");
    let rows: [(Lines<'_>, Lines<'_>, bool); 6] = [
        (&[A, MINUTE], &[A, HOUR], true),
        (&[A, private], &[A, MINUTE], true),
        (&[A, MINUTE], &[A, private], false),
        (&[MINUTE], &[HOUR], true),
        (&[A, MINUTE], &[B, HOUR], false),
        (&[A], &[A, HOUR], false),
    ];
    for (full, fields, laxer) in rows {
        then_head(full, fields, if laxer { &HEAD } else { &[] });
        then_part(full, fields, if laxer { &PART } else { &[] });
    }
    // Headers that depend on the content may be missing in response to HEAD.
    then_head(&[A, MINUTE, VARY, NOON], &[], &[]);
    // Without a tag there may have been a write in between.
    let audit = Audit::new();
    get(&audit, &[], &ok(&[MINUTE], "a"));
    write(&audit);
    head(&audit, &[], &[HOUR]);
    part(&audit, &[], &[HOUR]);
    assert_codes(&audit, &[]);
}

/// R-9110-8.6-a.
#[test]
fn head_has_the_length_of_the_content() {
    let length = |digits: &'static str| ("content-length", digits);
    then_head(&[A], &[A, length("5")], &[]);
    then_head(&[A], &[A, length("0")], &HEAD);
    then_head(&[A], &[A, length("x")], &HEAD);
    then_head(&[WEAK], &[WEAK, length("0")], &[]);
    then_head(&[A], &[B, length("0")], &[]);
    then_head(&[A, GZIP], &[A, length("0")], &[]);
    then_head(&[], &[length("0")], &[]);
}

#[test]
fn head_has_the_vary_of_get_or_none() {
    let origin = ("vary", "origin");
    let advice = [Code::VaryMissingOnHead];
    then_head(&[A, VARY], &[A, origin], &advice);
    then_head(&[VARY], &[origin], &advice);
    then_head(&[A, VARY], &[B, origin], &[]);
    then_head(&[A, VARY], &[A], &[]);
    then_head(&[A, origin], &[A, ("vary", "Accept-Encoding, Origin")], &[]);
    then_head(&[A, VARY], &[A, ("vary", "*")], &[Code::VaryAny]);
}

/// R-9110-15.3.7-a.
#[test]
fn a_206_has_the_headers_of_the_200() {
    let all = [A, MINUTE, VARY, LOCATION];
    then_part(&all, &all, &[]);
    then_part(&all, &[&all[..], &[NOON]].concat(), &[]);
    for missing in 0..all.len() {
        let mut left = all.to_vec();
        left.remove(missing);
        then_part(&all, &left, &MISSING);
        // More headers than it needs.
        then_part(&left, &all, &[]);
    }
    then_part(&[A, EXPIRES], &[A], &MISSING);
    then_part(&[A, EXPIRES], &[A, EXPIRES], &[]);
    // Another state.
    then_part(&all, &[B], &[]);
    for user in [("cookie", "u=1"), ("authorization", "x")] {
        let audit = Audit::new();
        get(&audit, &[], &ok(&all, "a"));
        part(&audit, &[user], &[A]);
        assert_codes(&audit, &[]);
    }
    let audit = Audit::new();
    get(&audit, &[], &ok(&all, "a"));
    write(&audit);
    part(&audit, &[], &[]);
    assert_codes(&audit, &[]);
    part(&audit, &[], &[A]);
    assert_codes(&audit, &MISSING);
}

/// A 200 from before the response to `HEAD` may show an earlier state.
#[test]
fn a_200_that_began_before_confirms_nothing() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    get(&audit, &[], &ok(&[A], "a"));
    let slow: http::Response<super::AuditBody<_>> = send(&layer, request("GET", "/", &[]), |_| {
        response(&ok(&[A], "a"))
    });
    head(&audit, &[], &[B]);
    read(slow.into_body());
    assert_codes(&audit, &[]);
}

/// Only a 200 that was read to its end proves that nothing had changed.
#[test]
fn a_200_that_was_dropped_confirms_nothing() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let unread: http::Response<super::AuditBody<_>> =
        send(&layer, request("GET", "/", &[]), |_| {
            response(&ok(&[A, MINUTE], "a"))
        });
    drop(unread);
    head(&audit, &[], &[B]);
    part(&audit, &[], &[]);
    get(&audit, &[], &ok(&[A, MINUTE], "a"));
    assert_codes(&audit, &[]);
}

/// Errors and 304s are not compared with the 200.
#[test]
fn other_statuses_are_not_compared() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    get(&audit, &[], &ok(&[A, MINUTE], "a"));
    for status in [206, 404, 412] {
        let answer = Answer {
            status,
            ..not_modified(&[B])
        };
        exchange(&layer, request("HEAD", "/", &[]), &answer);
    }
    exchange(&layer, request("HEAD", "/", &[]), &not_modified(&[B]));
    get(&audit, &[], &ok(&[A, MINUTE], "a"));
    assert_codes(&audit, &[]);
}

/// A target that repeats itself takes no more memory.
#[test]
fn pending_findings_are_bounded() {
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A], "a"));
    for _ in 0..100 {
        head(&audit, &[], &[B]);
    }
    get(&audit, &[], &ok(&[A], "a"));
    assert_codes(&audit, &HEAD);
    assert_eq!(
        audit.findings().last().map(super::super::Finding::count),
        Some(1)
    );
}
