//! Several services, many targets and content that nobody reads, in one audit.

use std::thread;

use http::{Response, header::HOST};

use super::{
    Answer, Audit, AuditBody, AuditLayer, Code, assert_codes, exchange, ok, request, response,
};
use crate::test_support::{ScriptedBody, read, send};

const TAG: (&str, &str) = ("etag", "\"v1\"");
const POLICY: (&str, &str) = ("cache-control", "no-cache");

fn page(content: &str) -> Answer<'_> {
    ok(&[TAG, POLICY], content)
}

/// RFC 9110, section 7.1: the host is a part of the target, so two services may use one tag.
#[test]
fn two_hosts_are_two_targets() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    for (host, content) in [
        ("a", "one"),
        ("b", "other"),
        ("b:81", "third"),
        ("a", "one"),
    ] {
        exchange(
            &layer,
            request("GET", "/", &[("host", host)]),
            &page(content),
        );
    }
    for (uri, content) in [
        ("http://c/", "one"),
        ("http://d/", "other"),
        ("http://c:81/", "third"),
    ] {
        exchange(&layer, request("GET", uri, &[]), &page(content));
    }
    assert_codes(&audit, &[]);
    // The target of HTTP/2 is that of HTTP/1.1.
    exchange(&layer, request("GET", "http://a/", &[]), &page("changed"));
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
}

/// An absolute target goes before `Host` (RFC 9112, section 3.2.2).
#[test]
fn the_authority_goes_before_the_host() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    for (uri, content) in [("http://a/", "one"), ("http://b/", "other")] {
        exchange(
            &layer,
            request("GET", uri, &[("host", "same")]),
            &page(content),
        );
    }
    assert_codes(&audit, &[]);
}

/// Paths and queries in other spellings are not compared: the audit does not normalise.
#[test]
fn other_spellings_are_other_targets() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    for (at, uri) in ["/a", "/a/", "/%61", "/a?", "/a?b", "//a", "/A"]
        .into_iter()
        .enumerate()
    {
        exchange(&layer, request("GET", uri, &[]), &page(&at.to_string()));
    }
    assert_codes(&audit, &[]);
}

/// Two audits share nothing, and clones share all.
#[test]
fn audits_are_told_apart() {
    let (one, other) = (Audit::new(), Audit::new());
    let shared = one.clone();
    for (audit, content) in [(&one, "one"), (&other, "other")] {
        exchange(
            &AuditLayer::new(audit.clone()),
            request("GET", "/", &[]),
            &page(content),
        );
    }
    assert_codes(&one, &[]);
    assert_codes(&other, &[]);
    exchange(
        &AuditLayer::new(shared),
        request("GET", "/", &[]),
        &page("third"),
    );
    assert_codes(&one, &[Code::SameTagOtherBytes]);
    assert_codes(&other, &[]);
}

/// The docs of `max_targets`: of 1,001 targets, the one that was used least recently is forgotten.
#[test]
fn a_thousand_targets_are_compared() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let visit = |at: usize, content: &str| {
        exchange(
            &layer,
            request("GET", &format!("/{at}"), &[]),
            &page(content),
        );
    };
    (0..=1000).for_each(|at| visit(at, "one"));
    visit(0, "other");
    assert_codes(&audit, &[]);
    // That has taken the place of the second.
    visit(1, "other");
    assert_codes(&audit, &[]);
    for at in 3..=1000 {
        visit(at, "other");
    }
    let found = audit.findings();
    let found = found
        .iter()
        .filter(|finding| finding.code() == Code::SameTagOtherBytes);
    assert_eq!(found.count(), 998);
}

/// The docs of `max_findings`: the first thousand are kept, and the others are counted.
#[test]
fn findings_beyond_a_thousand_are_counted() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    for at in 0..1200 {
        for content in ["one", "other"] {
            exchange(
                &layer,
                request("GET", &format!("/{at}"), &[]),
                &page(content),
            );
        }
    }
    assert_eq!((audit.findings().len(), audit.dropped()), (1000, 200));
    audit.clear();
    assert_eq!((audit.findings().len(), audit.dropped()), (0, 0));
}

/// The docs of the module: a body that is dropped is ignored, whatever of it was read.
#[test]
fn content_that_is_not_read_is_not_compared() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    exchange(&layer, request("GET", "/", &[]), &page("one"));
    for _ in 0..20 {
        let unread: Response<AuditBody<ScriptedBody>> =
            send(&layer, request("GET", "/", &[]), |_| {
                response(&page("other"))
            });
        drop(unread);
    }
    assert_codes(&audit, &[]);
    // The unread ones have not replaced what the next content is compared with.
    exchange(&layer, request("GET", "/", &[]), &page("third"));
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
}

/// Content that is read after that of a later request.
#[test]
fn content_is_compared_in_any_order() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let late: Vec<Response<AuditBody<ScriptedBody>>> = ["one", "one", "other"]
        .into_iter()
        .map(|content| {
            send(&layer, request("GET", "/", &[]), |_| {
                response(&page(content))
            })
        })
        .collect();
    let mut late = late.into_iter().rev();
    for codes in [&[][..], &[Code::SameTagOtherBytes]] {
        read(late.next().unwrap().into_body());
        assert_codes(&audit, codes);
    }
}

/// Many threads use one audit, each with targets of its own. No finding is lost, and none is invented.
#[test]
fn threads_share_an_audit() {
    let audit = Audit::new();
    thread::scope(|scope| {
        for host in ["a", "b", "c", "d"] {
            let layer = AuditLayer::new(audit.clone());
            scope.spawn(move || {
                for at in 0..100 {
                    let get = |content| {
                        let get = request("GET", &format!("/{host}{at}"), &[(HOST.as_str(), host)]);
                        exchange(&layer, get, &page(content));
                    };
                    get("one");
                    get(if at % 4 == 0 { "other" } else { "one" });
                }
            });
        }
    });
    let findings = audit.findings();
    assert_eq!(findings.len(), 100);
    assert!(
        findings
            .iter()
            .all(|finding| finding.code() == Code::SameTagOtherBytes)
    );
}
