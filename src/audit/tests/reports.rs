//! Findings: their text, and their effect on a test.

use super::{Audit, AuditLayer, Code, assert_codes, exchange, get, ok, request};

/// The table in the docs has all codes.
#[test]
fn the_table_is_complete() {
    let docs = include_str!("../mod.rs");
    for code in Code::ALL {
        let severity = if code.is_mistake() {
            "mistake"
        } else {
            "advice"
        };
        let (section, remedy) = (code.section(), code.remedy());
        let row = format!("//! | `{code}` | {severity} | {section} | {remedy} |\n");
        assert!(docs.contains(&row), "missing: {row}");
    }
    let rows = docs.lines().filter(|line| line.starts_with("//! | `"));
    assert_eq!(rows.count(), Code::ALL.len());
}

#[test]
fn a_finding_has_code_target_and_remedy() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    for _ in 0..2 {
        exchange(
            &layer,
            request("GET", "/a?b=c", &[]),
            &ok(&[("etag", "x")], "a"),
        );
    }
    let finding = &audit.findings()[0];
    assert_eq!(finding.code(), Code::InvalidTag);
    assert_eq!(finding.target(), "GET /a?b=c");
    assert_eq!((finding.detail(), finding.count()), ("ETag: x", 2));
    assert_eq!(
        finding.to_string(),
        "mistake invalid-tag at GET /a?b=c: ETag: x (2 times)\n  \
         RFC 9110, section 8.8.3: write visible characters between double quotes, \
         with W/ before them if weak"
    );
}

#[test]
fn advice_does_not_fail_the_audit() {
    let audit = Audit::new();
    get(&audit, &[], &ok(&[], "a"));
    assert_eq!(audit.findings()[0].code(), Code::NoPolicy);
    audit.assert_clean();
}

#[test]
#[should_panic(expected = "mistake several-tags at GET /")]
fn a_mistake_fails_the_audit() {
    let audit = Audit::new();
    get(
        &audit,
        &[],
        &ok(&[("etag", "\"a\""), ("etag", "\"b\"")], "a"),
    );
    audit.assert_clean();
}

#[test]
fn allowed_codes_are_left_out() {
    let audit = Audit::new().allow([Code::NoPolicy, Code::InvalidTag]);
    get(&audit, &[], &ok(&[("etag", "x")], "a"));
    assert!(audit.findings().is_empty());
}

#[test]
fn clear_removes_everything() {
    let audit = Audit::new();
    let tag = [("etag", "\"a\"")];
    get(&audit, &[], &ok(&tag, "a"));
    audit.clear();
    assert!(audit.findings().is_empty());
    get(&audit, &[], &ok(&tag, "b"));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(&tag, "a"));
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
}
