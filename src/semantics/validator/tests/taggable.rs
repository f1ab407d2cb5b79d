use http::{HeaderMap, StatusCode};

use crate::semantics::{
    field::content_length,
    tests::headers,
    validator::{
        UntaggedReason,
        taggable::{REPRESENTATION, ResponseFacts, check_taggable},
    },
};

const LIMIT: u64 = 100;
const PLAIN: ResponseFacts = ResponseFacts {
    status: StatusCode::OK,
    head: false,
    source_knows: false,
    digest_known: false,
    exact: Some(10),
};

fn decide(facts: ResponseFacts, lines: &[(&str, &str)]) -> Option<UntaggedReason> {
    let statuses = [StatusCode::OK];
    check_taggable(facts, &headers(lines.iter().copied()), &statuses, LIMIT)
}

#[test]
fn content_of_known_length_is_tagged() {
    assert_eq!(decide(PLAIN, &[]), None);
    assert_eq!(decide(PLAIN, &[("content-type", "text/html")]), None);
    assert_eq!(
        decide(PLAIN, &[("cache-control", "private, no-cache")]),
        None
    );
    let quoted = "ext=\"x, no-store\"";
    assert_eq!(decide(PLAIN, &[("cache-control", quoted)]), None);
}

/// R-9110-8.8-c: with another status, the content is not the representation.
#[test]
fn no_other_status_is_tagged() {
    for code in 100..600 {
        let status = StatusCode::from_u16(code).unwrap();
        let facts = ResponseFacts { status, ..PLAIN };
        let expected = (code != 200).then_some(UntaggedReason::Status);
        assert_eq!(decide(facts, &[]), expected, "{code}");
        let known = ResponseFacts {
            digest_known: true,
            ..facts
        };
        assert_eq!(decide(known, &[]), expected, "{code}");
        let can_be = REPRESENTATION.contains(&status);
        assert_eq!(can_be, matches!(code, 200 | 203), "{code}");
    }
}

/// R-9110-8.8-c: a configured status is tagged like 200.
#[test]
fn statuses_can_be_added() {
    let facts = ResponseFacts {
        status: StatusCode::NON_AUTHORITATIVE_INFORMATION,
        ..PLAIN
    };
    let statuses = [StatusCode::OK, facts.status];
    assert_eq!(
        check_taggable(facts, &HeaderMap::new(), &statuses, LIMIT),
        None
    );
}

/// R-9110-8.8-a: a tag of the handler wins, even a malformed one.
#[test]
fn the_tag_of_the_handler_wins() {
    for tag in ["\"v7\"", "W/\"v7\"", "abc", ""] {
        for exact in [Some(10), Some(LIMIT + 1), None] {
            let facts = ResponseFacts { exact, ..PLAIN };
            assert_eq!(
                decide(facts, &[("etag", tag)]),
                Some(UntaggedReason::HandlerTag),
                "{tag}"
            );
        }
    }
}

/// R-9111-5.2.2.5-a, R-9111-5.2-a.
#[test]
fn a_no_store_response_is_not_tagged() {
    for policy in [
        "no-store",
        "No-Store",
        "private, no-store",
        "no-store=1",
        // Malformed directives do not hide it.
        "ext=\"x, no-store",
        "max-age=60; no-store",
    ] {
        assert_eq!(
            decide(PLAIN, &[("cache-control", policy)]),
            Some(UntaggedReason::NoStore),
            "{policy}"
        );
    }
    let lines = [("cache-control", "private"), ("cache-control", "no-store")];
    assert_eq!(decide(PLAIN, &lines), Some(UntaggedReason::NoStore));
}

/// R-9110-8.8-c: a part has the tag of the whole.
#[test]
fn a_part_is_not_tagged() {
    assert_eq!(
        decide(PLAIN, &[("content-range", "bytes 0-9/20")]),
        Some(UntaggedReason::Part)
    );
}

/// R-SSE-a, R-GRPC-a, R-INCR-3-a: live streams are not held back.
#[test]
fn live_content_is_not_tagged() {
    for content_type in [
        "text/event-stream",
        "text/event-stream; charset=utf-8",
        "Text/Event-Stream",
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web-text",
        "APPLICATION/GRPC",
        "multipart/x-mixed-replace; boundary=x",
    ] {
        let lines = [("content-type", content_type)];
        assert_eq!(
            decide(PLAIN, &lines),
            Some(UntaggedReason::Live),
            "{content_type}"
        );
        let known = ResponseFacts {
            digest_known: true,
            ..PLAIN
        };
        assert_eq!(
            decide(known, &lines),
            Some(UntaggedReason::Live),
            "{content_type}"
        );
    }
    for content_type in [
        "text/event",
        "text/plain",
        "application/json",
        "multipart/form-data",
        "multipart/x-other",
        "application/grip",
        "",
    ] {
        assert_eq!(
            decide(PLAIN, &[("content-type", content_type)]),
            None,
            "{content_type}"
        );
    }
    assert_eq!(
        decide(PLAIN, &[("incremental", "?1")]),
        Some(UntaggedReason::Live)
    );
    assert_eq!(
        decide(PLAIN, &[("incremental", "?1;x=y")]),
        Some(UntaggedReason::Live)
    );
    assert_eq!(decide(PLAIN, &[("incremental", "?0")]), None);
    // Another header with the same value does not matter.
    assert_eq!(decide(PLAIN, &[("origin-agent-cluster", "?1")]), None);
}

/// R-SSE-a, P-TR-limit: content of unknown length is not read.
#[test]
fn the_length_decides() {
    let of = |exact| decide(ResponseFacts { exact, ..PLAIN }, &[]);
    assert_eq!(of(None), Some(UntaggedReason::UnknownLength));
    assert_eq!(of(Some(0)), None);
    assert_eq!(of(Some(LIMIT)), None);
    assert_eq!(of(Some(LIMIT + 1)), Some(UntaggedReason::TooLong));
    assert_eq!(of(Some(u64::MAX)), Some(UntaggedReason::TooLong));
    for exact in [None, Some(0), Some(LIMIT + 1)] {
        let known = ResponseFacts {
            exact,
            digest_known: true,
            ..PLAIN
        };
        assert_eq!(decide(known, &[]), None, "{exact:?}");
    }
}

/// R-9110-9.3.2-a: a response to a HEAD never gets the tag of empty content.
#[test]
fn a_head_response_without_content_is_not_tagged() {
    let of = |exact, digest_known| {
        let facts = ResponseFacts {
            head: true,
            exact,
            digest_known,
            ..PLAIN
        };
        decide(facts, &[])
    };
    assert_eq!(of(Some(0), false), Some(UntaggedReason::HeadWithoutContent));
    assert_eq!(of(Some(10), false), None);
    assert_eq!(of(Some(0), true), None);
}

/// R-9110-8.6-a: content of another length than `Content-Length` gets no tag.
#[test]
fn a_wrong_content_length_prevents_a_tag() {
    let table = [
        ("10", false),
        (" 10\t", false),
        ("9", true),
        ("11", true),
        ("", true),
        ("ten", true),
        ("-10", true),
        ("10, 10", true),
        ("18446744073709551626", true),
    ];
    for (value, mismatch) in table {
        let headers = headers([("content-length", value)]);
        assert_eq!(
            content_length::contradicts(&headers, 10),
            mismatch,
            "{value}"
        );
    }
    assert!(!content_length::contradicts(&HeaderMap::new(), 10));

    for (lines, mismatch) in [
        (["10", "10"], false),
        (["10", "9"], true),
        (["9", "10"], true),
    ] {
        let lines = lines.map(|line| ("content-length", line));
        let expected = mismatch.then_some(UntaggedReason::LengthMismatch);
        assert_eq!(decide(PLAIN, &lines), expected, "{lines:?}");
        let known = ResponseFacts {
            digest_known: true,
            ..PLAIN
        };
        assert_eq!(decide(known, &lines), None, "{lines:?}");
    }
}
