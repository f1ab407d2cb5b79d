//! Malformed conditions.

use crate::precondition::tests::{problem, resource};
use crate::{
    PreconditionLayer,
    semantics::condition::Current,
    source::{OnSourceError, SelfGet, ValidatorSource, from_fn},
    test_support::{Log, knows, request, send, tagged},
};

const MALFORMED: [&[&str]; 9] = [
    &["true"],
    &["7"],
    &["**"],
    &[""],
    &[",,"],
    &["*", "*"],
    &["'7'"],
    &["w/\"7\""],
    &["junk", "*, 8"],
];

fn refuses<Q: ValidatorSource>(layer: &PreconditionLayer<Q>, what: &str) {
    for (name, header) in [("if-none-match", "If-None-Match"), ("if-match", "If-Match")] {
        for lines in MALFORMED {
            for method in ["PUT", "POST", "PATCH", "DELETE", "FOO"] {
                let log = Log::default();
                let fields = lines.iter().map(|line| (name, *line));
                let answer = send(layer, request(method, "/", fields), resource(None, &log));
                assert_eq!(answer.status(), 412, "{what}: {method} {name}: {lines:?}");
                assert!(log.take().is_empty(), "{what}: {method} {name}: {lines:?}");
                let detail = problem(answer)["detail"].to_string();
                assert!(
                    detail.contains(&format!("{header} is malformed")),
                    "{detail}"
                );
            }
        }
    }
}

/// Issue 11, A.7, R-9110-13.1.2-d: a malformed condition is a 412 in every state. The write
/// is not performed, and the condition is not enough for `require`.
#[test]
fn a_malformed_condition_is_412_in_every_state() {
    refuses(&PreconditionLayer::new(knows(tagged("1"))), "present");
    refuses(&PreconditionLayer::handler_checks(), "unknown");
    let required = PreconditionLayer::handler_checks().require_if(|_| true);
    refuses(&required, "required");
    refuses(&required.require_tag(), "a tag required");
    let failing =
        PreconditionLayer::new(from_fn(async |_| Err::<Current, _>("the database is gone")));
    refuses(&failing.on_source_error(OnSourceError::Proceed), "failed");
}

/// Issue 11, A.7: a malformed condition creates no absent resource. If the method would not
/// create it, 404 comes first (RFC 9110, section 13.2.1).
#[test]
fn a_malformed_condition_creates_nothing() {
    for (method, status) in [("PUT", 412), ("POST", 412), ("DELETE", 404)] {
        let log = Log::default();
        let sent = || request(method, "/", [("if-none-match", "true")]);
        let layer = PreconditionLayer::new(knows(Current::Absent));
        assert_eq!(send(&layer, sent(), resource(None, &log)).status(), status);
        let layer = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
        assert_eq!(send(&layer, sent(), resource(None, &log)).status(), status);
        assert!(log.take().is_empty(), "{method}");
    }
}

/// R-9110-13.1.2-d: a list with one well-formed member is compared.
#[test]
fn one_tag_makes_a_list() {
    for (list, performed) in [("true, \"0\"", true), ("true, \"1\"", false)] {
        let log = Log::default();
        let layer = PreconditionLayer::new(knows(tagged("1")));
        let put = request("PUT", "/", [("if-none-match", list)]);
        send(&layer, put, resource(None, &log));
        assert_eq!(log.take() == ["PUT"], performed, "{list}");
    }
}
