use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_LENGTH, CONTENT_RANGE},
};

use crate::semantics::condition::range::{ByteRange, write_part_head, write_unsatisfied_range};

/// The headers of a 200 with everything.
fn whole() -> HeaderMap {
    let lines = [
        ("date", "Sun, 09 Sep 2001 01:46:40 GMT"),
        ("cache-control", "max-age=60"),
        ("etag", "\"v1\""),
        ("expires", "Sun, 09 Sep 2001 02:46:40 GMT"),
        ("content-location", "/a"),
        ("vary", "accept"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-request-id", "7"),
        ("accept-ranges", "bytes"),
        ("content-length", "10"),
        ("content-type", "text/plain"),
        ("content-language", "de"),
        ("content-encoding", "gzip"),
        ("last-modified", "Sun, 09 Sep 2001 01:46:39 GMT"),
        ("repr-digest", "sha-256=:AA==:"),
        ("content-digest", "sha-256=:AA==:"),
        ("content-md5", "AA=="),
        ("trailer", "x-sum"),
    ];
    lines
        .into_iter()
        .map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        })
        .collect()
}

fn names_after(had_if_range: bool) -> Vec<String> {
    let mut headers = whole();
    write_part_head(&mut headers, ByteRange::new(4, 9), 10, had_if_range);
    assert_eq!(headers[CONTENT_RANGE], "bytes 4-9/10", "R-9110-15.3.7.1-a");
    assert_eq!(headers[CONTENT_LENGTH], "6", "R-9110-15.3.7.1-a");
    let names = headers.iter().filter(|(name, value)| {
        let is_kept = whole().get_all(*name).iter().any(|other| other == *value);
        is_kept || **name == CONTENT_RANGE || **name == CONTENT_LENGTH
    });
    let mut names: Vec<_> = names.map(|(name, _)| name.to_string()).collect();
    assert_eq!(names.len(), headers.len(), "no other header changes");
    names.sort_unstable();
    names
}

/// R-9110-15.3.7-a.
#[test]
fn a_part_has_the_headers_of_the_whole() {
    let expected = [
        "accept-ranges",
        "cache-control",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-range",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "repr-digest",
        "set-cookie",
        "set-cookie",
        "vary",
        "x-request-id",
    ];
    assert_eq!(names_after(false), expected);
}

/// R-9110-15.3.7-a.
#[test]
fn after_if_range_it_has_no_further_metadata() {
    let expected = [
        "accept-ranges",
        "cache-control",
        "content-length",
        "content-location",
        "content-range",
        "date",
        "etag",
        "expires",
        "set-cookie",
        "set-cookie",
        "vary",
        "x-request-id",
    ];
    assert_eq!(names_after(true), expected);
}

/// R-9110-15.3.7.1-a, R-9110-14.2-c.
#[test]
fn lengths_have_up_to_twenty_digits() {
    let mut headers = HeaderMap::new();
    write_part_head(
        &mut headers,
        ByteRange::new(0, u64::MAX - 1),
        u64::MAX,
        false,
    );
    let range = "bytes 0-18446744073709551614/18446744073709551615";
    assert_eq!(headers[CONTENT_RANGE], range);
    assert_eq!(headers[CONTENT_LENGTH], "18446744073709551615");
    let last = ByteRange::new(u64::MAX - 2, u64::MAX - 1);
    write_part_head(&mut headers, last, u64::MAX, false);
    let range = "bytes 18446744073709551613-18446744073709551614/18446744073709551615";
    assert_eq!(headers[CONTENT_RANGE], range);
    assert_eq!(headers[CONTENT_LENGTH], "2");
    write_unsatisfied_range(&mut headers, u64::MAX);
    assert_eq!(headers[CONTENT_RANGE], "bytes */18446744073709551615");
}
