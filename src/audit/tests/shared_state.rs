//! The state that the clones of an audit share: its lock, and the order of its targets.

use std::{
    sync::mpsc,
    time::{Duration, SystemTime},
};

use super::{Answer, Audit, AuditLayer, Code, exchange, not_modified, ok, request};
use crate::clock::{Clock, SystemClock};

/// A clock that looks at the audit when it is dropped.
struct CuriousClock(Audit);

impl Clock for CuriousClock {
    fn now(&self) -> SystemTime {
        SystemClock.now()
    }
}

impl Drop for CuriousClock {
    fn drop(&mut self) {
        assert!(self.0.findings().is_empty());
    }
}

/// Issue 18, review-3: the code of the caller runs without the lock.
#[test]
fn the_code_of_the_caller_may_use_the_audit() {
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        let audit = Audit::new();
        let one = audit.clone();
        let codes = std::iter::once_with(|| {
            assert!(one.findings().is_empty());
            Code::NoPolicy
        });
        let audit = audit.allow(codes);
        let other = audit.clone();
        let audit = audit.clock(CuriousClock(other)).clock(SystemClock);
        let layer = AuditLayer::new(audit.clone());
        exchange(&layer, request("GET", "/", &[]), &ok(&[], "a"));
        done.send(audit.findings().len()).unwrap();
    });
    // A deadlock would last for ever, so the limit is generous.
    assert_eq!(is_done.recv_timeout(Duration::from_secs(30)), Ok(0));
}

/// Issue 18, review-10: each response is a use of its target.
#[test]
fn any_response_is_a_use_of_its_target() {
    let tag = ("etag", "\"a\"");
    let named = ("if-none-match", "\"a\"");
    for (method, status) in [("GET", 304), ("HEAD", 200), ("PUT", 412), ("GET", 500)] {
        let audit = Audit::new().max_targets(2);
        let layer = AuditLayer::new(audit.clone());
        let see = |path: &str, content: &str| {
            exchange(&layer, request("GET", path, &[]), &ok(&[tag], content));
        };
        see("/a", "a");
        see("/b", "a");
        let fields = [tag];
        let answer = Answer {
            status,
            ..not_modified(&fields)
        };
        exchange(&layer, request(method, "/a", &[named]), &answer);
        see("/c", "a");
        see("/a", "b");
        assert!(
            audit
                .findings()
                .iter()
                .any(|one| one.code() == Code::SameTagOtherBytes),
            "{method} {status}"
        );
    }
}
