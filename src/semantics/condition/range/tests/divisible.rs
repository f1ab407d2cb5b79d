use http::{
    HeaderMap, Method, Response,
    header::{ACCEPT_RANGES, CONTENT_LENGTH},
};

use crate::semantics::condition::range::{advertise, divisible_length};

fn divisible(
    method: &Method,
    status: u16,
    lines: &[(&'static str, &'static str)],
    exact: Option<u64>,
) -> Option<u64> {
    let mut response = Response::builder().status(status);
    for (name, value) in lines {
        response = response.header(*name, *value);
    }
    divisible_length(method, &response.body(()).unwrap(), exact)
}

/// R-9110-14.2-b, R-9110-15.3.7-b, R-GRPC-a, R-SSE-a.
#[test]
fn only_a_whole_representation_of_known_length_is_cut() {
    let get = |status, lines: &[_], exact| divisible(&Method::GET, status, lines, exact);
    assert_eq!(get(200, &[], Some(10)), Some(10));
    assert_eq!(get(200, &[("content-length", "10")], Some(10)), Some(10));
    assert_eq!(get(200, &[], Some(0)), Some(0));
    for status in [201, 203, 204, 206, 301, 304, 404, 416, 500] {
        assert_eq!(get(status, &[], Some(10)), None, "{status}");
    }
    assert_eq!(get(200, &[], None), None);
    assert_eq!(get(200, &[("content-length", "10")], None), None);
    for (name, value) in [
        ("content-length", "9"),
        ("content-length", "x"),
        ("content-range", "bytes 0-9/10"),
        ("content-type", "text/event-stream"),
        ("content-type", "application/grpc+proto"),
        ("content-type", "multipart/x-mixed-replace"),
        ("incremental", "?1"),
    ] {
        assert_eq!(
            get(200, &[(name, value)], Some(10)),
            None,
            "{name}: {value}"
        );
    }
    let twice = [("content-length", "10"), ("content-length", "9")];
    assert_eq!(get(200, &twice, Some(10)), None);
}

/// The empty body of a `HEAD` does not show the length of the 200.
#[test]
fn a_head_has_the_length_of_its_header() {
    let head = |lines: &[_], exact| divisible(&Method::HEAD, 200, lines, exact);
    assert_eq!(head(&[("content-length", "10")], Some(0)), Some(10));
    assert_eq!(head(&[], Some(10)), Some(10));
    assert_eq!(head(&[], Some(0)), None);
}

/// R-9110-14.3-a.
#[test]
fn the_word_of_the_handler_stays() {
    let mut headers = HeaderMap::new();
    advertise(&mut headers);
    assert_eq!(headers[ACCEPT_RANGES], "bytes");
    headers.insert(ACCEPT_RANGES, "none".parse().unwrap());
    advertise(&mut headers);
    assert_eq!(headers[ACCEPT_RANGES], "none");
    assert!(!headers.contains_key(CONTENT_LENGTH));
}
