//! The audit through its layer.

mod absence;
mod body;
#[cfg(feature = "json")]
mod canonical_json;
mod digests;
mod head_and_206;
mod limits;
mod many_services;
mod not_modified;
mod parts;
mod reports;
mod revalidation;
mod shared_state;
mod stored;
mod two_responses;
mod users;
mod writes;

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue, Request, Response, StatusCode};

use super::{Audit, AuditBody, AuditLayer, Code};
use crate::{
    clock::ManualClock,
    test_support::{Act, ScriptedBody, read, send},
};

type Lines<'a> = &'a [(&'a str, &'a str)];

/// The response of the service.
struct Answer<'a> {
    status: u16,
    fields: Lines<'a>,
    content: &'a str,
}

fn ok<'a>(fields: Lines<'a>, content: &'a str) -> Answer<'a> {
    Answer {
        status: 200,
        fields,
        content,
    }
}

fn not_modified(fields: Lines<'_>) -> Answer<'_> {
    Answer {
        status: 304,
        fields,
        content: "",
    }
}

fn request(method: &str, uri: &str, fields: Lines<'_>) -> Request<()> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn response(answer: &Answer<'_>) -> Response<ScriptedBody> {
    let acts = (!answer.content.is_empty()).then(|| Act::data(answer.content));
    let mut response = Response::new(ScriptedBody::sized(acts));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    for (name, value) in answer.fields {
        let name: HeaderName = name.parse().unwrap();
        let value: HeaderValue = value.parse().unwrap();
        response.headers_mut().append(name, value);
    }
    response
}

/// Sends a request, and reads the body of the response to its end.
fn exchange(layer: &AuditLayer, request: Request<()>, answer: &Answer<'_>) {
    let response: Response<AuditBody<ScriptedBody>> = send(layer, request, |_| response(answer));
    read(response.into_body());
}

fn get(audit: &Audit, fields: Lines<'_>, answer: &Answer<'_>) {
    exchange(
        &AuditLayer::new(audit.clone()),
        request("GET", "/", fields),
        answer,
    );
}

/// Two responses to requests with these headers.
#[track_caller]
fn expect(first: (Lines<'_>, &Answer<'_>), second: (Lines<'_>, &Answer<'_>), codes: &[Code]) {
    let audit = Audit::new();
    get(&audit, first.0, first.1);
    get(&audit, second.0, second.1);
    assert_codes(&audit, codes);
}

/// Two responses to the same request.
#[track_caller]
fn twice(first: &Answer<'_>, second: &Answer<'_>, codes: &[Code]) {
    expect((&[], first), (&[], second), codes);
}

/// A successful write to another target.
fn write(audit: &Audit) {
    let layer = AuditLayer::new(audit.clone());
    exchange(&layer, request("PUT", "/other", &[]), &ok(&[], ""));
}

/// The codes, except those that every bare response has.
fn codes(audit: &Audit) -> BTreeSet<Code> {
    let bare = [Code::NoPolicy, Code::DateOnlyValidator];
    let findings = audit.findings();
    let codes = findings.iter().map(super::Finding::code);
    codes.filter(|code| !bare.contains(code)).collect()
}

#[track_caller]
fn assert_codes(audit: &Audit, expected: &[Code]) {
    assert_eq!(codes(audit), expected.iter().copied().collect());
}

/// R-9110-8.8-c, R-9111-4-a: targets differ by host and query.
#[test]
fn a_target_has_a_host_and_a_query() {
    let tag = [("etag", "\"a\"")];
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let rows: [(&str, Lines<'_>); 8] = [
        ("/", &[]),
        ("/?a", &[]),
        ("/a", &[]),
        ("http://one/", &[]),
        ("/", &[("host", "other")]),
        ("http://other:8080/", &[]),
        ("/x/", &[("host", "one")]),
        ("/", &[("host", "one/x")]),
    ];
    for (at, (uri, fields)) in rows.into_iter().enumerate() {
        exchange(
            &layer,
            request("GET", uri, fields),
            &ok(&tag, &at.to_string()),
        );
    }
    assert_codes(&audit, &[]);
    // The same host, once in the URI and once in the header.
    exchange(&layer, request("GET", "http://other/", &[]), &ok(&tag, "x"));
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
}

#[test]
fn dates_are_compared_with_the_clock() {
    let clock = ManualClock::new(std::time::UNIX_EPOCH);
    let audit = Audit::new().clock(clock.clone()).allow([Code::NoPolicy]);
    let answer = ok(&[("etag", "\"1738358400\"")], "a");
    get(&audit, &[], &answer);
    assert_codes(&audit, &[]);
    clock.advance(std::time::Duration::from_secs(1_738_358_400));
    get(&audit, &[], &answer);
    assert_codes(&audit, &[Code::TimestampTag]);
}

#[test]
fn max_lifetime_is_configurable() {
    let audit = Audit::new().max_lifetime(std::time::Duration::from_secs(60));
    get(&audit, &[], &ok(&[("cache-control", "max-age=60")], "a"));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(&[("cache-control", "max-age=61")], "a"));
    assert_codes(&audit, &[Code::LongLifetime]);
}

#[test]
fn an_unchecked_write_is_found() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let unchecked = |_: Request<()>| {
        let mut response = response(&ok(&[], ""));
        crate::outcome::Outcome::record(response.extensions_mut(), |outcome| {
            outcome.set_unchecked();
        });
        response
    };
    let _: Response<AuditBody<_>> = send(&layer, request("PUT", "/", &[]), unchecked);
    assert_codes(&audit, &[Code::UncheckedWrite]);
}

/// A panic while the audit is locked does not break the audit.
#[test]
fn a_panic_elsewhere_does_not_break_the_audit() {
    let audit = Audit::new();
    let shared = audit.clone();
    let panicked = std::thread::spawn(move || {
        let _held = shared.lock();
        panic!("while the lock is held");
    });
    assert!(panicked.join().is_err());
    get(&audit, &[], &ok(&[("etag", "x")], "a"));
    assert_codes(&audit, &[Code::InvalidTag]);
}

#[test]
fn only_reads_are_compared() {
    let tag = [("etag", "\"a\"")];
    for method in ["HEAD", "QUERY", "POST", "OPTIONS"] {
        let audit = Audit::new();
        let layer = AuditLayer::new(audit.clone());
        for content in ["a", "b"] {
            exchange(&layer, request(method, "/", &[]), &ok(&tag, content));
        }
        assert_codes(&audit, &[]);
    }
}
