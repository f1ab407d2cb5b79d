use http::{Method, StatusCode};

use super::super::content_length::never_has_content;

/// A table of RFC 9110, section 6.4.1.
#[test]
fn some_responses_never_have_content() {
    for (method, status, expected) in [
        (Method::GET, 200, false),
        (Method::GET, 206, false),
        (Method::PUT, 412, false),
        (Method::HEAD, 200, true),
        (Method::HEAD, 404, true),
        (Method::GET, 101, true),
        (Method::GET, 103, true),
        (Method::PUT, 204, true),
        (Method::PUT, 205, false),
        (Method::GET, 304, true),
        (Method::CONNECT, 200, true),
        (Method::CONNECT, 403, false),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let found = never_has_content(&method, status);
        assert_eq!(found, expected, "{method} {status}");
    }
}
