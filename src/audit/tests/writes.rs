//! Conditional writes after a 200, with and without findings.

use super::{
    Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, get, not_modified, ok, request,
    write,
};

const A: (&str, &str) = ("etag", "\"a\"");
const B: (&str, &str) = ("etag", "\"b\"");
const WEAK: (&str, &str) = ("etag", "W/\"a\"");
const IF_A: (&str, &str) = ("if-match", "\"a\"");
const REFUSED: [Code; 1] = [Code::CurrentTagRefused];

fn send(audit: &Audit, method: &str, fields: Lines<'_>, status: u16) {
    let answer = Answer {
        status,
        ..not_modified(&[])
    };
    let layer = AuditLayer::new(audit.clone());
    exchange(&layer, request(method, "/", fields), &answer);
}

/// A 200 with this tag, then a 412 to a request with these headers.
#[track_caller]
fn refuse(tag: Lines<'_>, method: &str, fields: Lines<'_>, codes: &[Code]) {
    let audit = Audit::new();
    get(&audit, &[], &ok(tag, "a"));
    send(&audit, method, fields, 412);
    assert_codes(&audit, codes);
}

/// Issue 10, B.4 and A.3, R-9110-13.1.1-a: the tags of reads and writes have two sources, so each
/// conditional write gets 412.
#[test]
fn a_refusal_of_the_last_tag_is_found() {
    for method in ["PUT", "PATCH", "POST", "DELETE", "GET"] {
        for named in ["\"a\"", "\"x\", \"a\"", " \"a\" ", "*"] {
            refuse(&[A], method, &[("if-match", named)], &REFUSED);
        }
        let date = ("if-unmodified-since", "Fri, 31 Jan 2025 12:00:00 GMT");
        // RFC 9110, section 13.2.2: this condition is ignored.
        refuse(&[A], method, &[IF_A, date], &REFUSED);
        refuse(&[A], method, &[("if-match", "\"x\"")], &[]);
        refuse(&[A], method, &[("if-match", "\"a\", x")], &[]);
        refuse(&[A], method, &[date], &[]);
        refuse(&[A], method, &[], &[]);
        // These conditions may be false as well.
        for other in ["if-none-match", "if", "if-schedule-tag-match"] {
            refuse(&[A], method, &[IF_A, (other, "\"a\"")], &[]);
        }
        refuse(&[A], method, &[("if-match", "W/\"a\"")], &[]);
        refuse(&[], method, &[IF_A], &[]);
    }
    // HEAD may lack the tag, and other methods have meanings of their own.
    refuse(&[A], "HEAD", &[IF_A], &[]);
    refuse(&[A], "MOVE", &[IF_A], &[]);
    for status in [200, 403, 409, 503] {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[A], "a"));
        send(&audit, "PUT", &[IF_A], status);
        assert_codes(&audit, &[]);
    }
}

/// Issue 10, B.4: this is another mistake, that of the client.
#[test]
fn a_refusal_of_a_weak_tag_is_advice() {
    let advice = [Code::WeakTagRefused];
    refuse(&[WEAK], "PUT", &[("if-match", "W/\"a\"")], &advice);
    refuse(&[WEAK], "DELETE", &[("if-match", "\"a\"")], &advice);
    refuse(&[WEAK], "PUT", &[("if-match", "\"b\"")], &[]);
    refuse(&[WEAK], "GET", &[("if-match", "W/\"a\"")], &[]);
}

/// Issue 10, B.4: a tag with the suffix of its coding counts like any other.
#[test]
fn a_tag_of_a_coding_is_current() {
    let gzip = ("accept-encoding", "gzip");
    let coded = [
        ("etag", "\"a-gzip\""),
        ("content-encoding", "gzip"),
        ("vary", "accept-encoding"),
    ];
    let put = |fields: Lines<'_>, codes: &[Code]| {
        let audit = Audit::new();
        get(&audit, &[gzip], &ok(&coded, "a"));
        send(&audit, "PUT", fields, 412);
        assert_codes(&audit, codes);
    };
    let named = ("if-match", "\"a-gzip\"");
    put(&[gzip, named], &REFUSED);
    // Another variant, with another tag.
    put(&[named], &[]);
    put(&[gzip, IF_A], &[]);
}

/// Issue 10, B.4: a write in between may have changed the tag.
#[test]
fn a_refusal_after_a_write_is_clean() {
    let after = |disturb: &dyn Fn(&Audit), codes: &[Code]| {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[A], "a"));
        disturb(&audit);
        send(&audit, "PUT", &[IF_A], 412);
        assert_codes(&audit, codes);
    };
    after(&write, &[]);
    after(&|audit| send(audit, "PUT", &[IF_A], 200), &[]);
    after(&|audit| send(audit, "PUT", &[], 500), &[]);
    // These were refused, and wrote nothing.
    after(
        &|audit| send(audit, "PUT", &[("if-match", "\"x\"")], 412),
        &REFUSED,
    );
    after(&|audit| send(audit, "PUT", &[], 428), &REFUSED);
    after(&|audit| get(audit, &[], &ok(&[A], "a")), &REFUSED);
    // The state has changed.
    after(&|audit| get(audit, &[], &ok(&[B], "b")), &[]);
    after(
        &|audit| get(audit, &[("if-none-match", "\"b\"")], &not_modified(&[B])),
        &[],
    );
    let head = |audit: &Audit| {
        let layer = AuditLayer::new(audit.clone());
        exchange(&layer, request("HEAD", "/", &[]), &ok(&[B], ""));
    };
    after(&head, &[]);
    let part = |audit: &Audit| {
        let answer = Answer {
            status: 206,
            fields: &[B],
            content: "b",
        };
        get(audit, &[("range", "bytes=0-0")], &answer);
    };
    after(&part, &[]);
    // The next 200 shows the state again.
    let again = |audit: &Audit| {
        head(audit);
        get(audit, &[], &ok(&[A], "a"));
    };
    let audit = Audit::new().allow([Code::HeadDiffers]);
    get(&audit, &[], &ok(&[A], "a"));
    again(&audit);
    send(&audit, "PUT", &[IF_A], 412);
    assert_codes(&audit, &REFUSED);
}

/// Issue 10, B.4: another user, and another instance.
#[test]
fn a_refusal_of_the_tag_of_others_is_clean() {
    for user in [("cookie", "u=1"), ("authorization", "x"), ("x-tenant", "t")] {
        refuse(&[A], "PUT", &[IF_A, user], &[]);
    }
    for (reader, writer, codes) in [("one", "one", &REFUSED[..]), ("one", "other", &[])] {
        let audit = Audit::new();
        let layer = |name| AuditLayer::new(audit.clone()).instance(name);
        exchange(&layer(reader), request("GET", "/", &[]), &ok(&[A], "a"));
        let answer = Answer {
            status: 412,
            ..not_modified(&[])
        };
        exchange(&layer(writer), request("PUT", "/", &[IF_A]), &answer);
        assert_codes(&audit, codes);
    }
}

/// Issue 10, B.4: a concurrent write may have won.
#[test]
fn a_refusal_during_another_write_is_clean() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    get(&audit, &[], &ok(&[A], "a"));
    let refused = super::response(&Answer {
        status: 412,
        ..not_modified(&[])
    });
    let mut refused = Some(refused);
    let _: http::Response<super::AuditBody<_>> =
        super::send(&layer, request("PUT", "/", &[IF_A]), |_| {
            send(&audit, "PUT", &[IF_A], 200);
            refused.take().expect("one request")
        });
    assert_codes(&audit, &[]);
}

/// R-9110-13.1.1-a: the lost update itself.
#[test]
fn a_write_with_a_false_condition_is_found() {
    let ignored = [Code::IgnoredCondition];
    let put = |condition: (&str, &str), between: &dyn Fn(&Audit), after, codes: &[Code]| {
        for method in ["PUT", "PATCH"] {
            let audit = Audit::new();
            get(&audit, &[], &ok(&[A], "a"));
            send(&audit, method, &[condition], 204);
            assert_codes(&audit, &[]);
            between(&audit);
            get(&audit, &[], &ok(&[after], "b"));
            assert_codes(&audit, codes);
        }
    };
    let (stale, create) = (("if-match", "\"x\""), ("if-none-match", "*"));
    put(stale, &|_| {}, B, &ignored);
    put(create, &|_| {}, B, &ignored);
    put(("if-match", "\"x\", \"y\""), &|_| {}, B, &ignored);
    // Section 13.1.1: the requested state was there already.
    let same = |condition| {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[A], "a"));
        send(&audit, "PUT", &[condition], 204);
        get(&audit, &[], &ok(&[A], "a"));
        assert_codes(&audit, &[]);
    };
    same(stale);
    same(create);
    // The condition was true, or may have been.
    put(IF_A, &|_| {}, B, &[]);
    put(("if-match", "*"), &|_| {}, B, &[]);
    put(("if-match", "\"a-gzip\""), &|_| {}, B, &[]);
    put(("if-match", "\"x\", y"), &|_| {}, B, &[]);
    put(("if-none-match", "\"x\""), &|_| {}, B, &[]);
    // The lost update: a tag that was current before another write.
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A], "a"));
    send(&audit, "PUT", &[IF_A], 204);
    get(&audit, &[], &ok(&[B], "b"));
    send(&audit, "PUT", &[IF_A], 204);
    get(&audit, &[], &ok(&[("etag", "\"c\"")], "c"));
    assert_codes(&audit, &ignored);
    // Somebody else wrote.
    put(stale, &write, B, &[]);
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A], "a"));
    write(&audit);
    send(&audit, "PUT", &[stale], 204);
    get(&audit, &[], &ok(&[B], "b"));
    assert_codes(&audit, &[]);
    // Another known variant has this tag.
    let audit = Audit::new();
    let vary = ("vary", "accept");
    get(
        &audit,
        &[("accept", "text/x")],
        &ok(&[("etag", "\"x\""), vary], "x"),
    );
    get(&audit, &[], &ok(&[A, vary], "a"));
    send(&audit, "PUT", &[stale], 204);
    get(&audit, &[], &ok(&[B, vary], "b"));
    assert_codes(&audit, &[]);
}

/// R-9110-13.1.1-a: `If-Match` with another weak tag is false, and `If-None-Match: *` too.
#[test]
fn a_write_with_a_false_condition_on_a_weak_tag_is_found() {
    let put = |condition: (&str, &str), codes: &[Code]| {
        let audit = Audit::new();
        get(&audit, &[], &ok(&[WEAK], "a"));
        send(&audit, "PUT", &[condition], 204);
        get(&audit, &[], &ok(&[("etag", "W/\"b\"")], "b"));
        assert_codes(&audit, codes);
    };
    for condition in [
        ("if-match", "\"x\""),
        ("if-match", "W/\"x\""),
        ("if-none-match", "*"),
    ] {
        put(condition, &[Code::IgnoredCondition]);
    }
    // `PreconditionLayer::weak_if_match` allows these.
    put(("if-match", "W/\"a\""), &[]);
    put(IF_A, &[]);
}
