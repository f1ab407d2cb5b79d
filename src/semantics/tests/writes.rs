//! What becomes of writes, and of the `GET` in their place.

use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};

use super::headers;
use crate::semantics::{
    condition::{
        Admission, Condition, ConditionalFields, Current, Requirement,
        self_get::{self, Meaning},
    },
    field::{HttpDate, method::is_safe},
    validator::{EntityTag, Validators},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

fn tagged() -> Current {
    EntityTag::strong("1").unwrap().into()
}

fn dated() -> Current {
    let date = HttpDate::from_unix_seconds(784_111_777);
    Validators::new().with_last_modified(date).into()
}

/// R-4918-10.4-a: a method is not safe unless it is known to be, and names
/// are compared as they are.
#[test]
fn methods_that_are_safe() {
    for method in [
        "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH",
    ] {
        assert!(is_safe(&Method::from_bytes(method.as_bytes()).unwrap()));
    }
    for method in [
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "CONNECT",
        "PROPPATCH",
        "MKCOL",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "ACL",
        "BIND",
        "PURGE",
        "get",
        "propfind",
        "FOO",
    ] {
        assert!(!is_safe(&Method::from_bytes(method.as_bytes()).unwrap()));
    }
}

/// R-9110-13.2.1-b, R-6585-3-a, R-9110-13.1.1-c, R-9110-13.1.2-f,
/// R-9110-13.1.4-a: whether a write is admitted, for one that needs no
/// condition and for one that does, of what it would create and of what not.
#[test]
fn admission() {
    use Admission::{Absent, Admit, Failed, Required};

    type Lines<'a> = &'a [(&'a str, &'a str)];
    const FAILED: Admission = Failed(Condition::IfMatch);
    let tag = ("if-match", "\"1\"");
    let stale = ("if-match", "\"0\"");
    let any = ("if-match", "*");
    let create = ("if-none-match", "*");
    let date = ("if-unmodified-since", DATE);
    let earlier = ("if-unmodified-since", EARLIER);
    let table: [(Current, Lines<'_>, [Admission; 4]); 21] = [
        // Not required and required where the method creates; then the same
        // where it does not.
        (Current::Unknown, &[], [Admit, Required, Admit, Required]),
        (Current::Absent, &[], [Admit, Required, Admit, Absent]),
        (tagged(), &[], [Admit, Required, Admit, Required]),
        (Current::Unknown, &[stale], [Admit; 4]),
        (Current::Absent, &[tag], [FAILED, FAILED, Absent, Absent]),
        (Current::Absent, &[any], [FAILED, FAILED, Absent, Absent]),
        (tagged(), &[tag], [Admit; 4]),
        (tagged(), &[any], [Admit; 4]),
        (tagged(), &[stale], [FAILED; 4]),
        (tagged(), &[("if-match", "W/\"1\"")], [FAILED; 4]),
        (tagged(), &[("if-match", "junk")], [FAILED; 4]),
        (tagged(), &[("if-match", "")], [FAILED; 4]),
        (tagged(), &[create], [Failed(Condition::IfNoneMatch); 4]),
        (Current::Absent, &[create], [Admit; 4]),
        (dated(), &[date], [Admit; 4]),
        (
            dated(),
            &[earlier],
            [Failed(Condition::IfUnmodifiedSince); 4],
        ),
        (
            dated(),
            &[earlier, earlier],
            [Admit, Required, Admit, Required],
        ),
        // No date to compare with: no condition.
        (tagged(), &[date], [Admit, Required, Admit, Required]),
        (Current::Absent, &[date], [Admit, Required, Admit, Absent]),
        (Current::Unknown, &[date], [Admit; 4]),
        (
            Current::Unknown,
            &[("if-unmodified-since", "junk")],
            [Admit, Required, Admit, Required],
        ),
    ];
    for (current, fields, expected) in table {
        let headers = headers(fields.iter().copied());
        let conditions = ConditionalFields::from_headers(&headers);
        let admit = |required, creates| {
            conditions.admit(&Method::PATCH, current.as_ref(), required, creates, || NOW)
        };
        let found = [
            admit(Requirement::Nothing, true),
            admit(Requirement::Condition, true),
            admit(Requirement::Nothing, false),
            admit(Requirement::Condition, false),
        ];
        assert_eq!(found, expected, "{current:?} {fields:?}");
    }
}

/// R-9110-13.1.4-a: the century of a date with two digits is settled by `now`,
/// and with it the weekday, so that no valid date is taken for none.
#[test]
fn short_dates_are_conditions() {
    for date in [
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Friday, 21-Nov-25 08:49:37 GMT",
    ] {
        let date = [("if-unmodified-since", date)];
        let headers = headers(date);
        let conditions = ConditionalFields::from_headers(&headers);
        assert!(
            conditions.guard_writes(Current::Unknown, || NOW),
            "{date:?}"
        );
    }
}

/// R-9110-13.1.1-a: the weak comparison is for those who ask for it.
#[test]
fn weak_if_match() {
    let weak = Current::from(EntityTag::weak("1").unwrap());
    for (tags, weakly, expected) in [
        ("W/\"1\"", false, false),
        ("W/\"1\"", true, true),
        ("\"1\"", false, false),
        ("\"1\"", true, true),
        ("W/\"0\", W/\"1\"", true, true),
        ("W/\"0\"", true, false),
        ("w/\"1\"", true, false),
    ] {
        let headers = headers([("if-match", tags)]);
        let conditions = ConditionalFields::from_headers(&headers).with_weak_if_match(weakly);
        let admitted = conditions.admit(
            &Method::PUT,
            weak.as_ref(),
            Requirement::Nothing,
            true,
            || NOW,
        );
        assert_eq!(admitted == Admission::Admit, expected, "{tags} {weakly}");
    }
}

/// The `GET` has what the client's would have, each line in its order.
#[test]
fn the_head_of_the_get() {
    let mut put = Request::put("/a?b").body(()).unwrap();
    *put.headers_mut() = headers([
        ("cookie", "a=1"),
        ("if-match", "\"1\""),
        ("if-none-match", "*"),
        ("if-modified-since", DATE),
        ("if-unmodified-since", DATE),
        ("if-range", "\"1\""),
        ("if", "([\"1\"])"),
        ("range", "bytes=0-"),
        ("content-length", "1"),
        ("content-type", "text/plain"),
        ("content-type", "text/html"),
        ("content-encoding", "gzip"),
        ("content-digest", "x"),
        ("transfer-encoding", "chunked"),
        ("trailer", "x"),
        ("expect", "100-continue"),
        ("upgrade", "h2c"),
        ("prefer", "return=minimal"),
        ("x-http-method-override", "DELETE"),
        ("idempotency-key", "1"),
        ("accept", "text/html"),
        ("cookie", "b=2"),
        ("authorization", "x"),
        ("x-own", "1"),
    ]);
    put.extensions_mut().insert(7_u8);
    let (put, ()) = put.into_parts();
    let get = self_get::head(&put);
    assert_eq!(get.method, Method::GET);
    assert_eq!(get.uri, put.uri);
    assert_eq!(get.version, put.version);
    assert_eq!(get.extensions.get(), Some(&7_u8));
    let expected = headers([
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("accept", "text/html"),
        ("authorization", "x"),
        ("x-own", "1"),
    ]);
    assert_eq!(get.headers, expected);
}

/// Issue 11, A.9: a 4xx is the client's answer.
#[test]
fn every_status_has_a_meaning() {
    for code in 100..1000 {
        let expected = match code {
            200 | 203 | 204 => Meaning::Present,
            404 | 410 => Meaning::Absent,
            405 | 501 => Meaning::Unknown,
            304 => Meaning::Failed,
            300..=499 => Meaning::Refused,
            _ => Meaning::Failed,
        };
        let status = StatusCode::from_u16(code).unwrap();
        assert_eq!(Meaning::of(status), expected, "{code}");
    }
}

/// Issue 11, A.12: neither a date nor `*` tells two writes of one second apart.
#[test]
fn a_tag_can_be_required() {
    let tag: EntityTag = "\"1\"".parse().unwrap();
    let dated = Validators::from(tag).with_last_modified(HttpDate::from_unix_seconds(0));
    let current = Current::Present(dated);
    for (name, value, admitted) in [
        (IF_MATCH, "\"1\"", Admission::Admit),
        (IF_MATCH, "\"0\"", Admission::Failed(Condition::IfMatch)),
        (IF_MATCH, "*", Admission::Required),
        (
            IF_NONE_MATCH,
            "*",
            Admission::Failed(Condition::IfNoneMatch),
        ),
        (IF_NONE_MATCH, "\"0\"", Admission::Required),
        (IF_UNMODIFIED_SINCE, DATE, Admission::Required),
    ] {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let fields = ConditionalFields::from_headers(&headers);
        let admit = |current: &Current, creates| {
            fields.admit(
                &Method::PUT,
                current.as_ref(),
                Requirement::Tag,
                creates,
                || NOW,
            )
        };
        assert_eq!(admit(&current, true), admitted, "{value}");
        if admitted == Admission::Required {
            assert_eq!(admit(&Current::Absent, false), Admission::Absent, "{value}");
        }
    }
}
