//! A 404 or 410 between two 200s: the state of the first is gone.

use super::{
    Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, get, not_modified, ok, request,
};

const A: (&str, &str) = ("etag", "\"a\"");
const B: (&str, &str) = ("etag", "\"b\"");
const CREATE: (&str, &str) = ("if-none-match", "*");

fn send(audit: &Audit, method: &str, fields: Lines<'_>, answer: &Answer<'_>) {
    let layer = AuditLayer::new(audit.clone());
    exchange(&layer, request(method, "/", fields), answer);
}

fn empty(status: u16) -> Answer<'static> {
    Answer {
        status,
        ..not_modified(&[])
    }
}

/// A 200, then a response which shows that nothing is there, then more responses.
#[track_caller]
fn after_absence(more: impl Fn(&Audit)) {
    for (method, status) in [("GET", 404), ("GET", 410), ("HEAD", 404), ("HEAD", 410)] {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[A], "a"));
        send(&audit, method, &[], &empty(status));
        more(&audit);
        assert_codes(&audit, &[]);
    }
}

/// Issue 18, review-2: RFC 9110, sections 13.1.1 and 13.1.2.
#[test]
fn conditions_are_judged_without_the_200_before_an_absence() {
    after_absence(|audit| {
        send(audit, "PUT", &[CREATE], &empty(201));
        get(audit, &[], &ok(&[B], "b"));
    });
    for named in ["*", "\"a\""] {
        after_absence(|audit| send(audit, "PUT", &[("if-match", named)], &empty(412)));
    }
}

/// Issue 18, review-2: the same content may come back with another tag.
#[test]
fn responses_are_not_compared_across_an_absence() {
    after_absence(|audit| {
        send(audit, "HEAD", &[], &ok(&[B], ""));
        get(audit, &[], &ok(&[A], "a"));
    });
    after_absence(|audit| get(audit, &[], &ok(&[B], "a")));
    after_absence(|audit| get(audit, &[("if-none-match", "\"a\"")], &ok(&[], "")));
    // It was removed while a finding waited for the next 200.
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A], "a"));
    send(&audit, "HEAD", &[], &ok(&[B], ""));
    get(&audit, &[], &empty(404));
    get(&audit, &[], &ok(&[A], "a"));
    assert_codes(&audit, &[]);
    // Nobody knows what the write found.
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A], "a"));
    send(&audit, "PUT", &[("if-match", "\"x\"")], &empty(204));
    get(&audit, &[], &empty(404));
    get(&audit, &[], &ok(&[B], "b"));
    assert_codes(&audit, &[]);
}

/// Absence for one user, instance or target says nothing about others.
#[test]
fn an_absence_for_others_changes_nothing() {
    let layer = |audit: &Audit, name| AuditLayer::new(audit.clone()).instance(name);
    for (instance, path, fields, status) in [
        ("x", "/b", &[][..], 404),
        ("y", "/", &[], 404),
        ("x", "/", &[("cookie", "u=1")], 404),
        ("x", "/", &[], 500),
    ] {
        let audit = Audit::new();
        let one = layer(&audit, "x");
        exchange(&one, request("GET", "/", &[]), &ok(&[A], "a"));
        let other = layer(&audit, instance);
        exchange(&other, request("GET", path, fields), &empty(status));
        let put = request("PUT", "/", &[("if-match", "\"a\"")]);
        exchange(&one, put, &empty(412));
        assert_codes(&audit, &[Code::CurrentTagRefused]);
    }
    // The next 200 counts again, and one strong tag on two contents is always a mistake.
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A], "a"));
    get(&audit, &[], &empty(404));
    get(&audit, &[], &ok(&[A], "b"));
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
    send(&audit, "PUT", &[("if-match", "\"a\"")], &empty(412));
    assert_codes(&audit, &[Code::SameTagOtherBytes, Code::CurrentTagRefused]);
}
