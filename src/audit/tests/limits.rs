//! The limits of an audit.

use http::Response;

use super::{
    Audit, AuditBody, AuditLayer, Code, assert_codes, exchange, get, ok, request, response,
};
use crate::test_support::{ScriptedBody, read, send};

#[test]
#[should_panic(expected = "and 3 more")]
fn findings_are_bounded_and_counted() {
    let audit = Audit::new().max_findings(1).allow([Code::NoPolicy]);
    let layer = AuditLayer::new(audit.clone());
    for path in ["/1", "/2", "/3", "/2", "/1"] {
        exchange(
            &layer,
            request("GET", path, &[]),
            &ok(&[("etag", "x")], "a"),
        );
    }
    assert_eq!(audit.findings().len(), 1);
    assert_eq!(audit.findings()[0].count(), 2);
    assert_eq!(audit.dropped(), 3);
    audit.assert_clean();
}

/// Other bytes with a tag that was forgotten are not found.
#[test]
fn targets_are_bounded_and_the_oldest_is_removed() {
    let audit = Audit::new().max_targets(2);
    let layer = AuditLayer::new(audit.clone());
    let see = |path: &str, content: &str| {
        let answer = ok(&[("etag", "\"a\"")], content);
        exchange(&layer, request("GET", path, &[]), &answer);
    };
    see("/1", "a");
    see("/2", "a");
    see("/1", "a");
    see("/3", "a");
    see("/2", "b");
    assert_codes(&audit, &[]);
    // This removed "/1".
    see("/3", "b");
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
    assert_eq!(audit.findings().last().unwrap().target(), "GET /3");
}

/// The latest variants of a target are kept, those with a known content first.
#[test]
fn variants_are_bounded() {
    let audit = Audit::new();
    let see = |tag: &str, content: &str| {
        get(&audit, &[], &ok(&[("etag", tag)], content));
    };
    see("\"first\"", "first");
    let layer = AuditLayer::new(audit.clone());
    let unread: Vec<_> = (0..20)
        .map(|_| {
            let answer = ok(&[("etag", "\"unread\"")], "unread");
            let response: Response<AuditBody<ScriptedBody>> =
                send(&layer, request("GET", "/", &[]), |_| response(&answer));
            response
        })
        .collect();
    drop(unread);
    see("\"first\"", "other");
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
    audit.clear();
    for number in 0..9 {
        see(&format!("\"{number}\""), &number.to_string());
    }
    see("\"0\"", "other");
    assert_codes(&audit, &[]);
    see("\"5\"", "another");
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
}

/// Many concurrent requests, each target with one content and one tag.
#[test]
fn concurrent_requests_give_no_false_findings() {
    let audit = Audit::new().max_targets(8).allow([Code::NoPolicy]);
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let layer = AuditLayer::new(audit.clone());
            scope.spawn(move || {
                for turn in 0..500 {
                    let path = format!("/{}", (turn * (thread + 1)) % 12);
                    let method = if turn % 50 == 0 { "POST" } else { "GET" };
                    let tag = format!("\"{}\"", &path[1..]);
                    let fields = [("etag", tag.as_str())];
                    let answer = ok(&fields, &path);
                    let response: Response<AuditBody<ScriptedBody>> =
                        send(&layer, request(method, &path, &[]), |_| response(&answer));
                    if turn % 3 != 0 {
                        read(response.into_body());
                    }
                }
            });
        }
    });
    assert!(audit.findings().is_empty(), "{audit:?}");
    assert_eq!(
        audit.lock().history.epoch().map(|epoch| epoch > 0),
        Some(true)
    );
}
