use http::Method;

use super::{MODIFIED, get, layer, request, shown, whole};
use crate::test_support::send;

/// R-9110-14.2-c, R-9110-15.3.7.1-a.
#[test]
fn a_range_is_answered_with_its_bytes() {
    for (range, content_range, content) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=3-6", "bytes 3-6/10", "3456"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-2", "bytes 8-9/10", "89"),
        ("bytes=2-99999999999999999999", "bytes 2-9/10", "23456789"),
    ] {
        let answer = get(&layer(), &[("range", range)], || {
            whole(&[("content-type", "text/plain")])
        });
        let expected = [
            "accept-ranges: bytes".to_owned(),
            format!("content-length: {}", content.len()),
            format!("content-range: {content_range}"),
            "content-type: text/plain".to_owned(),
            "etag: \"v1\"".to_owned(),
        ];
        assert_eq!(
            shown(answer),
            (206, expected.into(), content.to_owned()),
            "{range}"
        );
    }
}

/// R-9110-13.1.5-b, R-9110-13.1.5-c, R-9110-15.3.7-a.
#[test]
fn if_range_decides_between_the_part_and_the_whole() {
    let date = "Sun, 09 Sep 2001 01:46:40 GMT";
    for (if_range, is_part) in [
        ("\"v1\"", true),
        (MODIFIED, true),
        ("\"v0\"", false),
        ("W/\"v1\"", false),
        (date, false),
    ] {
        let fields = [("range", "bytes=3-6"), ("if-range", if_range)];
        let response = || whole(&[("last-modified", MODIFIED), ("content-type", "text/plain")]);
        let (status, lines, content) = shown(get(&layer(), &fields, response));
        assert_eq!(status, if is_part { 206 } else { 200 }, "{if_range}");
        assert_eq!(content, if is_part { "3456" } else { "0123456789" });
        let has_type = lines.contains(&"content-type: text/plain".to_owned());
        assert_eq!(has_type, !is_part, "the client of a part has the metadata");
        assert!(lines.contains(&"etag: \"v1\"".to_owned()));
    }
}

/// R-9110-13.1.5-c. The time is that of the response, and of the clock without one.
#[test]
fn a_date_counts_if_the_response_is_later() {
    let fields = [("range", "bytes=3-6"), ("if-range", MODIFIED)];
    for (date, status) in [(MODIFIED, 200), ("Sun, 09 Sep 2001 01:46:40 GMT", 206)] {
        let response = || whole(&[("last-modified", MODIFIED), ("date", date)]);
        assert_eq!(get(&layer(), &fields, response).status(), status, "{date}");
    }
}

/// R-9110-14.2-a.
#[test]
fn only_a_get_has_ranges() {
    for method in [Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
        let is_head = method == Method::HEAD;
        let request = request(method, &[("range", "bytes=3-6")]);
        let (status, lines, content) = shown(send(&layer(), request, |_| whole(&[])));
        assert_eq!((status, content.as_str()), (200, "0123456789"));
        let advertised = lines.contains(&"accept-ranges: bytes".to_owned());
        assert_eq!(advertised, is_head, "R-9110-14.3-a");
    }
}
