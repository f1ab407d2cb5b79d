//! Two 200s with JSON, and the pointers of a layer inside.

use tower::ServiceBuilder;

use super::{
    Audit, AuditLayer, Code, assert_codes, codes, exchange, expect, get, ok, request, response,
    twice, write,
};
use crate::{
    EtagLayer,
    test_support::{read, send},
};

const JSON: (&str, &str) = ("content-type", "application/json");
const A: (&str, &str) = ("etag", "\"a\"");
const B: (&str, &str) = ("etag", "\"b\"");
const ONE_ORDER: &str = r#"{"a":1,"b":[1.50]}"#;
const OTHER_ORDER: &str = r#"{ "b": [1.5], "a": 1 }"#;

/// R-8785-3-a.
#[test]
fn a_change_of_order_alone_is_advice() {
    let found = &[Code::OrderOnlyChange];
    twice(
        &ok(&[A, JSON], ONE_ORDER),
        &ok(&[B, JSON], OTHER_ORDER),
        found,
    );
    twice(
        &ok(&[A, JSON], OTHER_ORDER),
        &ok(&[B, JSON], ONE_ORDER),
        found,
    );
    let problem = ("content-type", "application/problem+json; charset=utf-8");
    twice(
        &ok(&[A, problem], ONE_ORDER),
        &ok(&[B, problem], OTHER_ORDER),
        found,
    );
    assert!(!Code::OrderOnlyChange.is_mistake());
}

/// Two replicas write one object in two orders.
#[test]
fn two_instances_are_compared() {
    let audit = Audit::new();
    for (name, tag, content) in [("one", A, ONE_ORDER), ("other", B, OTHER_ORDER)] {
        let layer = AuditLayer::new(audit.clone()).instance(name);
        exchange(&layer, request("GET", "/", &[]), &ok(&[tag, JSON], content));
    }
    assert_codes(&audit, &[Code::OrderOnlyChange]);
    let finding = audit.findings().into_iter();
    let finding = finding.last().expect("a finding");
    assert_eq!(
        finding.detail(),
        "\"a\" and then \"b\" on one JSON value, written in two ways"
    );
}

#[test]
fn other_changes_are_no_finding() {
    let one = ok(&[A, JSON], ONE_ORDER);
    // Another value.
    for other in [
        r#"{"a":1,"b":["1.50"]}"#,
        r#"{"a":1,"b":[1.51]}"#,
        r#"{"a":1}"#,
        r#"{"b":1,"a":[1.50]}"#,
    ] {
        twice(&one, &ok(&[B, JSON], other), &[]);
    }
    // Equal, weak or missing tags.
    let (weak_a, weak_b) = (("etag", "W/\"a\""), ("etag", "W/\"b\""));
    twice(&one, &ok(&[weak_b, JSON], OTHER_ORDER), &[]);
    twice(
        &ok(&[weak_a, JSON], ONE_ORDER),
        &ok(&[weak_b, JSON], OTHER_ORDER),
        &[],
    );
    twice(&one, &ok(&[JSON], OTHER_ORDER), &[]);
    twice(
        &one,
        &ok(&[A, JSON], OTHER_ORDER),
        &[Code::SameTagOtherBytes],
    );
    // Content that is no JSON, has a coding, or has no form.
    let text = ("content-type", "text/plain");
    twice(
        &ok(&[A, text], ONE_ORDER),
        &ok(&[B, text], OTHER_ORDER),
        &[],
    );
    let coding = ("content-encoding", "zstd");
    twice(
        &ok(&[A, JSON, coding], ONE_ORDER),
        &ok(&[B, JSON, coding], OTHER_ORDER),
        &[],
    );
    twice(
        &ok(&[A, JSON], r#"{"a":1,"a":1}"#),
        &ok(&[B, JSON], r#"{"a":1, "a":1}"#),
        &[],
    );
    // Another type of the same value, and another user.
    let other_type = ("content-type", "application/a+json");
    twice(&one, &ok(&[B, other_type], OTHER_ORDER), &[]);
    let other = ok(&[B, JSON], OTHER_ORDER);
    let (alice, bob) = ([("cookie", "a=1")], [("cookie", "a=2")]);
    let audit = Audit::new();
    get(&audit, &alice, &one);
    get(&audit, &bob, &other);
    assert!(!codes(&audit).contains(&Code::OrderOnlyChange));
}

/// A version changes with a write, even if the content is the same in another order.
#[test]
fn a_write_may_change_the_tag() {
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A, JSON], ONE_ORDER));
    write(&audit);
    get(&audit, &[], &ok(&[B, JSON], OTHER_ORDER));
    assert_codes(&audit, &[]);
}

/// Content over a MiB is not kept, so it is not compared.
#[test]
fn long_content_is_not_compared() {
    let texts = |spaces: usize| {
        [ONE_ORDER, OTHER_ORDER].map(|text| format!("{}{text}", " ".repeat(spaces)))
    };
    let [one, other] = texts((1 << 20) - OTHER_ORDER.len());
    let found = &[Code::OrderOnlyChange];
    expect(
        (&[], &ok(&[A, JSON], &one)),
        (&[], &ok(&[B, JSON], &other)),
        found,
    );
    let [one, other] = texts(1 << 20);
    twice(&ok(&[A, JSON], &one), &ok(&[B, JSON], &other), &[]);
}

/// A pointer that matches nothing is reported once, with the path where it was found.
#[test]
fn an_unmatched_pointer_is_reported_once() {
    let audit = Audit::new();
    let tags = EtagLayer::new().ignoring(["/at", "/ta"]).expect("pointers");
    let layers = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(tags)
        .into_inner();
    let poll = |path: &str, content: &str| {
        let answer = send(&layers, request("GET", path, &[]), |_| {
            response(&ok(&[JSON], content))
        });
        read(answer.into_body());
    };
    poll("/a", r#"{"at":1,"ta":2}"#);
    let unmatched = || {
        let findings = audit.findings();
        let found = findings
            .iter()
            .filter(|one| one.code() == Code::UnmatchedPointer);
        let found = found.map(|one| {
            (
                one.target().to_owned(),
                one.detail().to_owned(),
                one.count(),
            )
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(unmatched(), []);
    for at in 0..3 {
        poll("/b", &format!("{{\"at\":{at}}}"));
        poll("/c", "[]");
    }
    let expected = ("GET /b".to_owned(), "nothing at /ta".to_owned(), 1);
    assert_eq!(unmatched(), [expected]);
    assert!(!Code::UnmatchedPointer.is_mistake());
}
