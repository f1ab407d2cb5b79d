use http::{Method, Request, StatusCode};

use crate::semantics::{
    condition::self_get::{self, SelfGetStatus},
    tests::headers,
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// The `GET` has the headers that a client's `GET` would have, each line in its order.
#[test]
fn the_get_has_no_headers_of_the_write() {
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
    let get = self_get::get_head(&put);
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

/// Issue 11, A.9: a 4xx goes to the client as it is.
#[test]
fn every_status_has_a_meaning() {
    for code in 100..1000 {
        let expected = match code {
            200 | 203 | 204 => SelfGetStatus::Present,
            404 | 410 => SelfGetStatus::Absent,
            405 | 501 => SelfGetStatus::Unknown,
            304 => SelfGetStatus::Failed,
            300..=499 => SelfGetStatus::Refused,
            _ => SelfGetStatus::Failed,
        };
        let status = StatusCode::from_u16(code).unwrap();
        assert_eq!(SelfGetStatus::from_status(status), expected, "{code}");
    }
}
