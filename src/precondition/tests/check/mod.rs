//! The conditions of writes that are performed, and of those that are not.

mod dates;
mod long_lists;
mod malformed;
mod self_get;
mod source_calls;
mod source_failures;
mod unknown;

use std::time::{Duration, SystemTime};

use http::{HeaderValue, Method, header::IF_RANGE};

use super::resource;
use crate::{
    PreconditionLayer,
    clock::ManualClock,
    semantics::{
        condition::Current,
        field::HttpDate,
        validator::{EntityTag, Validators},
    },
    source::{SelfGet, from_fn},
    test_support::{Log, knows, request, send, tagged},
};

const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Returns the status of a write, and `true` if it was performed.
fn put(current: Current, method: &str, fields: &[(&str, &str)]) -> (u16, bool) {
    let log = Log::default();
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let layer = PreconditionLayer::new(knows(current)).clock(clock);
    let request = request(method, "/notes/1", fields.iter().copied());
    let answer = send(&layer, request, resource(None, &log));
    (answer.status().as_u16(), log.take() == [method])
}

fn v1() -> Current {
    tagged("1").into()
}

/// R-9110-13.1.1-a, R-9110-13.1.1-b, R-9110-13.1.1-c, R-9110-13.1.1-d: the strong
/// comparison, before the write is performed.
#[test]
fn if_match() {
    let weak = || Current::from(EntityTag::weak("1").unwrap());
    let performed = (204, true);
    let refused = (412, false);
    let table: [(Current, &str, (u16, bool)); 11] = [
        (v1(), "\"1\"", performed),
        (v1(), "\"0\", \"1\"", performed),
        (v1(), "*", performed),
        (Validators::new().into(), "*", performed),
        (v1(), "\"0\"", refused),
        (v1(), "W/\"1\"", refused),
        (v1(), "1", refused),
        (weak(), "W/\"1\"", refused),
        (weak(), "\"1\"", refused),
        (Current::Absent, "\"1\"", refused),
        (Current::Absent, "*", refused),
    ];
    for (current, tags, expected) in table {
        for method in ["PUT", "POST", "MKCOL"] {
            let fields = [("if-match", tags)];
            let found = put(current.clone(), method, &fields);
            assert_eq!(found, expected, "{method} {current:?} {tags}");
        }
    }
}

/// R-9110-13.1.1-d: every tag of the source is accepted, also one of a coding. A former tag
/// is not.
#[test]
fn any_tag_of_the_source_is_accepted() {
    for tag in ["1-gzip", "a,b", "7", ""] {
        let sent = format!("\"{tag}\"");
        let current = || Current::from(tagged(tag));
        assert_eq!(put(current(), "PUT", &[("if-match", &sent)]), (204, true));
        let former = format!("\"former-{tag}\"");
        assert_eq!(
            put(current(), "PUT", &[("if-match", &former)]),
            (412, false)
        );
    }
}

/// R-9110-13.1.2-f, R-9110-13.1.2-g: 412, and never 304, for every method that is not safe.
#[test]
fn if_none_match() {
    let weak = Current::from(EntityTag::weak("1").unwrap());
    for method in ["PUT", "POST", "PATCH", "DELETE", "FOO", "put"] {
        for tags in ["*", "\"1\"", "W/\"1\"", "\"0\", \"1\""] {
            let fields = [("if-none-match", tags)];
            assert_eq!(put(v1(), method, &fields), (412, false), "{method} {tags}");
            assert_eq!(put(weak.clone(), method, &fields), (412, false));
            assert_eq!(put(Current::Absent, method, &fields), (204, true));
        }
        let other = [("if-none-match", "\"2\"")];
        assert_eq!(put(v1(), method, &other), (204, true), "{method}");
    }
}

/// R-9110-13.1.4-a.
#[test]
fn if_unmodified_since() {
    let date = HttpDate::from_unix_seconds(784_111_777);
    let dated = || Current::from(Validators::new().with_last_modified(date));
    let both = || Current::from(tagged("1").with_last_modified(date));
    let (before, modified) = (
        ("if-unmodified-since", BEFORE),
        ("if-unmodified-since", MODIFIED),
    );
    let junk = ("if-unmodified-since", "yesterday");
    assert_eq!(put(dated(), "PUT", &[before]), (412, false));
    assert_eq!(put(dated(), "PUT", &[modified]), (204, true));
    // Ignored: an invalid date, two dates, no modification date, a date beside `If-Match`.
    assert_eq!(put(dated(), "PUT", &[junk]), (204, true));
    assert_eq!(put(dated(), "PUT", &[before, before]), (204, true));
    assert_eq!(put(v1(), "PUT", &[before]), (204, true));
    assert_eq!(
        put(both(), "PUT", &[before, ("if-match", "\"1\"")]),
        (204, true)
    );
    assert_eq!(
        put(both(), "PUT", &[modified, ("if-match", "\"0\"")]),
        (412, false)
    );
    // `If-Modified-Since` is for reads only.
    let since = ("if-modified-since", MODIFIED);
    assert_eq!(put(dated(), "PUT", &[since]), (204, true));
}

/// R-9110-13.2.1-b: an absent target is 404 before it is 412, unless the method creates it.
#[test]
fn absent_is_404_before_412() {
    for fields in [[("if-match", "\"1\"")], [("if-match", "*")]] {
        assert_eq!(put(Current::Absent, "DELETE", &fields), (404, false));
        assert_eq!(put(Current::Absent, "PATCH", &fields), (404, false));
        assert_eq!(put(Current::Absent, "PUT", &fields), (412, false));
    }
}

/// Issue 11, A.9, R-9110-13.2.1-b: an absent target is 404 for a method that does not
/// create. That holds with and without `require`, with a source and with a `GET`.
#[test]
fn the_methods_that_create_can_be_set() {
    let conditions: [&[(&str, &str)]; 3] = [&[("if-match", "*")], &[("if-match", "\"1\"")], &[]];
    for fields in conditions {
        let refused = if fields.is_empty() { 428 } else { 412 };
        for (creating, method, status) in [
            (&[][..], "PUT", 404),
            (&[], "POST", 404),
            (&[Method::POST], "PUT", 404),
            (&[Method::POST], "POST", refused),
            (&[Method::PATCH], "PATCH", refused),
            (&[Method::PATCH], "PUT", 404),
        ] {
            let log = Log::default();
            let sent = || request(method, "/", fields.iter().copied());
            let creating = || creating.iter().cloned();
            let source = PreconditionLayer::new(knows(Current::Absent));
            let source = source.require_if(|_| true).creates(creating());
            let answer = send(&source, sent(), resource(None, &log));
            assert_eq!(answer.status(), status, "{method} {fields:?}");
            let get = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
            let get = get.require_if(|_| true).creates(creating());
            let answer = send(&get, sent(), resource(None, &log));
            assert_eq!(answer.status(), status, "{method} {fields:?}");
            assert!(log.take().is_empty());
        }
    }
}

/// R-9110-13.2.1-d: conditions reach the handler unchanged, evaluated or not.
#[test]
fn conditions_reach_the_handler_unchanged() {
    let lines: [(&str, &[u8]); 8] = [
        ("if-match", b"\"a\", W/\"b\xff\""),
        ("if-match", b"  junk ,,"),
        ("if-none-match", b"\"c\""),
        ("if-modified-since", b"then"),
        ("if-unmodified-since", b"Sun, 06 Nov 1994 08:49:36 GMT"),
        ("if-range", b"\"d\""),
        ("if", b"(<urn:x> [\"e\"])"),
        ("range", b"bytes=0-"),
    ];
    let mut sent = request("PUT", "/", []);
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value).unwrap();
        sent.headers_mut().append(name, value);
    }
    let expected = sent.headers().clone();
    let answer = send(&PreconditionLayer::handler_checks(), sent, move |request| {
        assert_eq!(*request.headers(), expected);
        super::status(http::StatusCode::CREATED)
    });
    assert_eq!(answer.status(), 201);

    let held = [("if-match", "\"1\""), ("if-range", "\"x\"")];
    let layer = PreconditionLayer::new(knows(tagged("1")));
    let answer = send(&layer, request("PUT", "/", held), |request| {
        assert_eq!(request.headers()["if-match"], "\"1\"");
        assert_eq!(request.headers()[IF_RANGE], "\"x\"");
        super::status(http::StatusCode::CREATED)
    });
    assert_eq!(answer.status(), 201);
}

/// R-4918-10.4-a, R-9110-13.2.1-a: methods that read pass with all their headers, and so
/// does `CONNECT`.
#[test]
fn other_methods_pass() {
    let layer = PreconditionLayer::new(from_fn(async |_| -> Current {
        panic!("the source was asked");
    }))
    .require_if(|_| true);
    for method in [
        "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH", "CONNECT",
    ] {
        let mut sent = request(method, "/", [("if-match", "\"0\""), ("if-none-match", "*")]);
        if method == "CONNECT" {
            *sent.uri_mut() = "example.com:443".parse().unwrap();
        }
        let answer = send(&layer, sent, |request| {
            assert_eq!(request.headers()["if-match"], "\"0\"");
            super::status(http::StatusCode::OK)
        });
        assert_eq!(answer.status(), 200, "{method}");
    }
}

/// R-4918-10.4-a: `If` is not evaluated, not removed, and does not count as `If-Match`.
#[test]
fn webdav_if_passes_untouched() {
    let layer = PreconditionLayer::new(knows(tagged("1")));
    let lock = [("if", "([\"x\"])")];
    let answer = send(&layer, request("PUT", "/", lock), |request| {
        assert_eq!(request.headers()["if"], "([\"x\"])");
        super::status(http::StatusCode::CREATED)
    });
    assert_eq!(answer.status(), 201);
    let log = Log::default();
    let required = send(
        &layer.require(),
        request("PUT", "/", lock),
        resource(None, &log),
    );
    assert_eq!(required.status(), 428);
    assert!(log.take().is_empty());
}

/// Off by default: RFC 9110, section 13.1.1 requires the strong comparison.
#[test]
fn weak_comparison_can_be_set() {
    let log = Log::default();
    let layer = PreconditionLayer::new(knows(EntityTag::weak("1").unwrap())).weak_if_match();
    for (tags, expected) in [
        ("W/\"1\"", 204),
        ("\"1\"", 204),
        ("W/\"0\"", 412),
        ("*", 204),
    ] {
        let request = request("PUT", "/", [("if-match", tags)]);
        let answer = send(&layer, request, resource(None, &log));
        assert_eq!(answer.status(), expected, "{tags}");
    }
}

/// R-9110-13.2.1-c: the content reaches the handler, and the layer does not read it.
#[test]
fn the_handler_gets_the_content() {
    let layer = PreconditionLayer::new(())
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    let answer = send(&layer, put, |request| {
        use crate::test_support::Upload;
        if request.method() == http::Method::GET {
            assert_eq!(*request.body(), Upload::MadeUp);
            return super::representation("\"1\"");
        }
        assert_eq!(*request.body(), Upload::OfTheClient);
        super::status(http::StatusCode::CREATED)
    });
    assert_eq!(answer.status(), 201);
}
