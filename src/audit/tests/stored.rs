//! `PUT` with a validator in its answer, and the 200 after it.

use super::{Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, get, ok, request};

const A: (&str, &str) = ("etag", "\"a\"");
const SENT: (&str, &str) = ("content-length", "4");
const CHANGED: [Code; 1] = [Code::TagOfOtherContent];

/// A write with these fields, an answer with those, then a 200.
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

/// Issue 11, A.11, R-9110-9.3.4-a: the tag of what was made of the content is
/// that of nothing that the client has.
#[test]
fn a_put_that_was_stored_changed_has_no_tag() {
    for code in [200, 201, 204] {
        let answer = status(code, &[A]);
        put(("PUT", &[SENT]), &answer, &ok(&[A], "longer"), &CHANGED);
        put(("PUT", &[SENT]), &answer, &ok(&[A], "same"), &[]);
    }
    let answer = status(204, &[A]);
    put(("PUT", &[SENT]), &answer, &ok(&[A], ""), &CHANGED);
}

/// Issue 11, A.11: what is right, and what cannot be told.
#[test]
fn a_put_that_says_nothing_of_its_content_is_fine() {
    let longer = ok(&[A], "longer");
    let tagged = status(200, &[A]);
    // The content of the answer is the representation.
    let located = [A, ("content-location", "/")];
    put(("PUT", &[SENT]), &ok(&located, "longer"), &longer, &[]);
    // No validator, or one that stands for more than one content.
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
    // Neither a success nor a PUT.
    put(("PUT", &[SENT]), &status(412, &[A]), &longer, &[]);
    put(("PATCH", &[SENT]), &tagged, &longer, &[]);
    put(("POST", &[SENT]), &tagged, &longer, &[]);
    // The length of what was meant is not known.
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

/// Issue 11, A.11: the tag is wrong however many others wrote, and whenever the
/// content is seen.
#[test]
fn a_tag_is_wrong_whoever_writes_in_between() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let put = || request("PUT", "/", &[SENT]);
    exchange(&layer, put(), &status(204, &[A]));
    get(&audit, &[], &ok(&[("etag", "\"b\"")], "another"));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(&[A], "longer"));
    assert_codes(&audit, &CHANGED);
}
