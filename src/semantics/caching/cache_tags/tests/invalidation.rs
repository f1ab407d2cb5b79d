use http::{Method, StatusCode};

use crate::semantics::caching::cache_tags::{Effect, WriteOutcome, effect, write_outcome};

/// R-9111-4.4-a: an unknown method invalidates.
#[test]
fn methods_fill_or_invalidate() {
    for (method, expected) in [
        ("GET", Effect::Fills),
        ("HEAD", Effect::Fills),
        ("QUERY", Effect::Fills),
        ("OPTIONS", Effect::None),
        ("PROPFIND", Effect::None),
        ("CONNECT", Effect::None),
        ("POST", Effect::Invalidates),
        ("PUT", Effect::Invalidates),
        ("PATCH", Effect::Invalidates),
        ("DELETE", Effect::Invalidates),
        ("FOO", Effect::Invalidates),
    ] {
        let name = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(effect(&name), expected, "{method}");
    }
}

/// R-9111-4.4-a, R-9111-4.4-b.
#[test]
fn the_status_shows_the_outcome_of_a_write() {
    for (status, expected) in [
        (101, WriteOutcome::Unknown),
        (200, WriteOutcome::Performed),
        (204, WriteOutcome::Performed),
        (303, WriteOutcome::Performed),
        (400, WriteOutcome::Refused),
        (408, WriteOutcome::Unknown),
        (412, WriteOutcome::Refused),
        (499, WriteOutcome::Refused),
        (500, WriteOutcome::Unknown),
        (503, WriteOutcome::Unknown),
        (600, WriteOutcome::Unknown),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(write_outcome(status), expected, "{status}");
    }
}
