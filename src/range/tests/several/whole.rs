//! Requests for several parts whose response is the whole.

use http::HeaderValue;

use super::{
    super::{Fields, get, layer, shown},
    ask, framed, parts,
};
use crate::range::RangeLayer;

/// R-9110-14.2-d.
#[test]
fn more_parts_than_the_limit_are_sent_whole() {
    let three = [("range", "bytes=0-0,200-200,400-400")];
    for (max, status) in [(1, 200), (2, 200), (3, 206)] {
        let answer = get(&layer().max_parts(max), &three, framed(2000));
        assert_eq!(answer.status(), status, "{max}");
    }
    let many = |number: usize| {
        let ranges: Vec<_> = (0..number).map(|at| format!("{0}-{0}", at * 82)).collect();
        let range = format!("bytes={}", ranges.join(","));
        ask(&range, 2000).status().as_u16()
    };
    assert_eq!((many(16), many(17)), (206, 200));
}

#[test]
#[should_panic(expected = "invalid max_parts 0")]
fn no_parts_at_all_are_refused() {
    let _ = RangeLayer::new().max_parts(0);
}

/// R-9110-14.2-d: the response has at most the bytes of the whole.
#[test]
fn parts_that_would_be_longer_than_the_whole_are_sent_whole() {
    let (status, ..) = shown(ask("bytes=0-900,1000-1999", 2000));
    assert_eq!(status, 200);
    assert_eq!(
        parts(ask("bytes=0-700,1000-1999", 2000)),
        ["0-700", "1000-1999"]
    );
}

/// R-9110-14.1.2-c: a 206 with several parts has no `Content-Range`, by which layers that compress
/// know a part.
#[test]
fn no_parts_are_sent_that_a_layer_outside_could_code() {
    for (accepted, status) in [
        ("gzip", 200),
        ("identity, br;q=0.1", 200),
        ("*", 200),
        ("gzip;q=oops", 200),
        ("identity", 206),
        ("gzip;q=0, *;q=0", 206),
        ("", 206),
    ] {
        let fields: Fields<'_> = &[
            ("range", "bytes=0-0,900-900"),
            ("accept-encoding", accepted),
        ];
        let answer = get(&layer(), fields, framed(2000));
        assert_eq!(answer.status(), status, "{accepted}");
        let one: Fields<'_> = &[("range", "bytes=0-0"), ("accept-encoding", accepted)];
        assert_eq!(get(&layer(), one, framed(2000)).status(), 206);
    }
}

/// `Content-Encoding` would describe the delimiters too.
#[test]
fn content_with_a_coding_has_one_part_at_most() {
    let coded = || {
        let mut response = framed(2000)();
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert("content-encoding", gzip);
        response
    };
    for (range, status) in [("bytes=0-0,900-900", 200), ("bytes=0-0", 206)] {
        assert_eq!(get(&layer(), &[("range", range)], coded).status(), status);
    }
}
