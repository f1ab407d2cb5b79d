//! `PUT` with a validator in its response, and the 200 after it.

use super::{Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, get, ok, request};

const A: (&str, &str) = ("etag", "\"a\"");
const SENT: (&str, &str) = ("content-length", "4");
const CHANGED: [Code; 1] = [Code::TagOfOtherContent];

/// A write with these headers, a response with those, then a 200.
#[track_caller]
fn put((method, sent): (&str, Lines<'_>), answer: &Answer<'_>, then: &Answer<'_>, codes: &[Code]) {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    exchange(&layer, request(method, "/", sent), answer);
    get(&audit, &[], then);
    assert_codes(&audit, codes);
}

fn status<'a>(status: u16, fields: Lines<'a>) -> Answer<'a> {
    Answer {
        status,
        ..ok(fields, "")
    }
}

/// Issue 11, A.11, R-9110-9.3.4-a: the tag is that of changed content, which the client does not
/// have.
#[test]
fn a_tag_on_a_changed_put_is_found() {
    for code in [200, 201, 204] {
        let answer = status(code, &[A]);
        put(("PUT", &[SENT]), &answer, &ok(&[A], "longer"), &CHANGED);
        put(("PUT", &[SENT]), &answer, &ok(&[A], "same"), &[]);
    }
    let answer = status(204, &[A]);
    put(("PUT", &[SENT]), &answer, &ok(&[A], ""), &CHANGED);
}

/// Issue 11, A.11: correct responses, and contents that cannot be compared.
#[test]
fn a_put_without_a_strong_tag_is_clean() {
    let longer = ok(&[A], "longer");
    let tagged = status(200, &[A]);
    // The content of the response is the representation.
    let located = [A, ("content-location", "/")];
    put(("PUT", &[SENT]), &ok(&located, "longer"), &longer, &[]);
    // No validator, or one for more than one content.
    put(("PUT", &[SENT]), &status(204, &[]), &longer, &[]);
    let weak = [("etag", "W/\"a\"")];
    put(
        ("PUT", &[SENT]),
        &status(204, &weak),
        &ok(&weak, "longer"),
        &[],
    );
    // Somebody wrote in between.
    put(
        ("PUT", &[SENT]),
        &tagged,
        &ok(&[("etag", "\"b\"")], "longer"),
        &[],
    );
    // Not a success, or not a PUT.
    put(("PUT", &[SENT]), &status(412, &[A]), &longer, &[]);
    put(("PATCH", &[SENT]), &tagged, &longer, &[]);
    put(("POST", &[SENT]), &tagged, &longer, &[]);
    // The length of the content that was stored is unknown.
    put(("PUT", &[]), &tagged, &longer, &[]);
    put(("PUT", &[SENT, SENT]), &tagged, &longer, &[]);
    put(
        ("PUT", &[SENT, ("content-encoding", "gzip")]),
        &tagged,
        &longer,
        &[],
    );
    put(
        ("PUT", &[SENT, ("content-range", "bytes 0-3/6")]),
        &tagged,
        &longer,
        &[],
    );
    let coded = [A, ("content-encoding", "gzip"), ("vary", "accept-encoding")];
    put(("PUT", &[SENT]), &tagged, &ok(&coded, "longer"), &[]);
}

/// Issue 11, A.11: other writes, and the time of the 200, make no difference.
#[test]
fn a_tag_of_other_content_is_found_after_other_writes() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let put = || request("PUT", "/", &[SENT]);
    exchange(&layer, put(), &status(204, &[A]));
    get(&audit, &[], &ok(&[("etag", "\"b\"")], "another"));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(&[A], "longer"));
    assert_codes(&audit, &CHANGED);
}
