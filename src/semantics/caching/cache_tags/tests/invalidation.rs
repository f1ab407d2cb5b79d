use http::{Method, StatusCode};

use crate::semantics::caching::cache_tags::{MethodEffect, WriteOutcome, effect, write_outcome};

/// R-9111-4.4-a: an unknown method invalidates.
#[test]
fn methods_fill_or_invalidate() {
    for (method, expected) in [
        ("GET", MethodEffect::Fills),
        ("HEAD", MethodEffect::Fills),
        ("QUERY", MethodEffect::Fills),
        ("OPTIONS", MethodEffect::None),
        ("PROPFIND", MethodEffect::None),
        ("CONNECT", MethodEffect::None),
        ("POST", MethodEffect::Invalidates),
        ("PUT", MethodEffect::Invalidates),
        ("PATCH", MethodEffect::Invalidates),
        ("DELETE", MethodEffect::Invalidates),
        ("FOO", MethodEffect::Invalidates),
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
