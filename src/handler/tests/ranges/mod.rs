mod conditions;

use std::cell::RefCell;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header::CONTENT_TYPE};
use http_body::Body;

use super::{Fields, Ranges};
use crate::{
    body::ResponseBody,
    semantics::validator::{EntityTag, Validators},
    test_support::{Act, ScriptedBody, content, multipart, read, read_unchecked, request},
};

const WHOLE: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A request with these headers, and the ranges that the handler was asked for.
struct Answer {
    response: Response<ResponseBody<ScriptedBody>>,
    asked: Vec<(u64, u64)>,
}

fn tag() -> EntityTag {
    EntityTag::strong("v1").expect("a tag")
}

fn ranges(method: &str, fields: Fields<'_>) -> Ranges {
    let ranges = Ranges::of(&request(method, "/", fields.iter().copied()));
    ranges.content_type(HeaderValue::from_static("text/plain"))
}

/// Responds with content of a thousand times `WHOLE`.
fn respond(ranges: &Ranges, validators: impl Into<Validators>) -> Answer {
    let whole = Bytes::from(WHOLE.repeat(1000));
    let asked = RefCell::new(Vec::new());
    let response = ranges.respond(whole.len() as u64, validators, |range| {
        asked.borrow_mut().push((range.first(), range.last()));
        ScriptedBody::sized([Act::Data(range.slice(&whole)), Act::trailers()])
    });
    let asked = asked.into_inner();
    Answer { response, asked }
}

fn get(fields: Fields<'_>) -> Answer {
    respond(&ranges("GET", fields), tag())
}

fn shown(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.iter();
    let lines = lines.map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII")));
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    lines
}

/// R-9110-14.2-c, R-9110-15.3.7.1-a: the handler is asked for the bytes of the part alone.
#[test]
fn one_range_asks_for_its_bytes_alone() {
    for (range, first, last) in [
        ("bytes=5-9", 5, 9),
        ("bytes=35998-", 35_998, 35_999),
        ("bytes=-2", 35_998, 35_999),
        ("bytes=0-99999999999999999999", 0, 35_999),
        ("bytes=0-1,5-9", 0, 9),
    ] {
        let answer = get(&[("range", range)]);
        assert_eq!(answer.asked, [(first, last)], "{range}");
        assert_eq!(answer.response.status(), 206);
        let expected = [
            "accept-ranges: bytes".to_owned(),
            format!("content-length: {}", last - first + 1),
            format!("content-range: bytes {first}-{last}/36000"),
            "content-type: text/plain".to_owned(),
            "etag: \"v1\"".to_owned(),
        ];
        assert_eq!(shown(answer.response.headers()), expected);
        let body = answer.response.into_body();
        assert_eq!(body.size_hint().exact(), Some(last - first + 1));
        let whole = WHOLE.repeat(1000);
        let acts = read(body);
        assert_eq!(content(&acts), &whole[first as usize..=last as usize]);
        assert!(!acts.contains(&Act::trailers()));
    }
}

/// R-9110-15.3.7.2-a: content that can seek has any order.
#[test]
fn each_of_several_ranges_is_asked_for_in_the_order_of_the_request() {
    let answer = get(&[("range", "bytes=900-901,0-1,35999-")]);
    assert_eq!(answer.asked, [(900, 901), (0, 1), (35_999, 35_999)]);
    assert_eq!(answer.response.status(), 206);
    let headers = answer.response.headers();
    assert!(!headers.contains_key("content-range"));
    assert_eq!(headers["etag"], "\"v1\"");
    let media_type = headers[CONTENT_TYPE].to_str().expect("ASCII").to_owned();
    let length = headers["content-length"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    let body = content(&read(answer.response.into_body()));
    assert_eq!(length, body.len().to_string());
    let found: Vec<_> = multipart(&media_type, &body)
        .into_iter()
        .map(|part| {
            assert_eq!(part.content_type.as_deref(), Some("text/plain"));
            (
                part.content_range,
                String::from_utf8(part.content).expect("ASCII"),
            )
        })
        .collect();
    let expected = [
        ("bytes 900-901/36000", "01"),
        ("bytes 0-1/36000", "01"),
        ("bytes 35999-35999/36000", "z"),
    ];
    assert_eq!(
        found,
        expected.map(|(range, text)| (range.to_owned(), text.to_owned()))
    );
}

/// R-9110-14.2-a, R-9110-13.1.5-b.
#[test]
fn other_requests_ask_for_the_whole() {
    for fields in [
        &[][..],
        &[("range", "lines=0-1")],
        &[("range", "bytes=9-1")],
        &[("range", "bytes=0-1"), ("if-range", "\"v0\"")],
        &[("range", "bytes=36000-"), ("if-range", "\"v0\"")],
        &[("range", "bytes=0-1,900-"), ("accept-encoding", "gzip")],
    ] {
        let answer = get(fields);
        assert_eq!(answer.asked, [(0, 35_999)], "{fields:?}");
        assert_eq!(answer.response.status(), 200);
        let expected = [
            "accept-ranges: bytes",
            "content-length: 36000",
            "content-type: text/plain",
            "etag: \"v1\"",
        ];
        assert_eq!(shown(answer.response.headers()), expected);
        assert_eq!(content(&read(answer.response.into_body())).len(), 36_000);
    }
}

/// R-9110-14.2-d.
#[test]
fn the_limits_of_parts_are_those_of_the_handler() {
    let three = [("range", "bytes=0-0,900-900,1800-1800")];
    for (max, status) in [(1, 200), (2, 200), (3, 206)] {
        let answer = respond(&ranges("GET", &three).max_parts(max), tag());
        assert_eq!(answer.response.status(), status, "{max}");
    }
    let near = respond(&ranges("GET", &three).max_gap_bytes(899), tag());
    assert_eq!(near.asked, [(0, 1800)]);
}

#[test]
#[should_panic(expected = "invalid max_parts 0")]
fn a_handler_without_parts_is_refused() {
    let _ = ranges("GET", &[]).max_parts(0);
}

/// R-9110-14.2-c.
#[test]
fn bytes_behind_the_end_are_416_and_ask_for_nothing() {
    let answer = get(&[("range", "bytes=36000-")]);
    assert_eq!(answer.asked, []);
    assert_eq!(answer.response.status(), 416);
    let headers = answer.response.headers();
    assert_eq!(headers["content-range"], "bytes */36000");
    assert_eq!(headers["etag"], "\"v1\"");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["content-type"], "application/problem+json");
}

/// R-9110-14.2-a: the head of the 200.
#[test]
fn a_head_asks_for_nothing() {
    for fields in [
        &[][..],
        &[("range", "bytes=0-1")],
        &[("range", "bytes=36000-")],
    ] {
        let answer = respond(&ranges("HEAD", fields), tag());
        assert_eq!(answer.asked, []);
        assert_eq!(answer.response.status(), 200);
        let whole = get(&[]).response;
        assert_eq!(shown(answer.response.headers()), shown(whole.headers()));
        assert!(answer.response.body().is_end_stream());
    }
}

/// R-9110-14.1.2-a.
#[test]
fn content_without_bytes_asks_for_nothing() {
    for (range, status) in [("lines=0-", 200), ("bytes=0-", 416), ("bytes=-1", 200)] {
        let response =
            ranges("GET", &[("range", range)]).respond(0, tag(), |range| -> ScriptedBody {
                panic!("asked for {range}");
            });
        assert_eq!(response.status(), status, "{range}");
        let length = response.headers()["content-length"]
            .to_str()
            .expect("ASCII");
        assert_eq!(length == "0", status == 200);
        assert_eq!(
            content(&read(response.into_body())).is_empty(),
            status == 200
        );
    }
}

/// The bodies of a handler may have any length.
#[test]
fn a_body_of_another_length_is_cut_or_ends_early() {
    for (text, expected) in [("01234567", "01234"), ("012", "012")] {
        let ranges = ranges("GET", &[("range", "bytes=5-9")]);
        let response = ranges.respond(36, tag(), |_| ScriptedBody::sized([Act::data(text)]));
        assert_eq!(response.headers()["content-length"], "5");
        let acts = read_unchecked(response.into_body());
        assert_eq!(content(&acts), expected.as_bytes());
    }
}

/// R-9530-3-a: the digest is that of the whole, on the 200, its `HEAD` and the 206.
#[test]
fn the_digest_of_the_whole_is_on_every_response() {
    let digest = |method: &str, fields: Fields<'_>| {
        let response = ranges(method, fields)
            .sha256([7; 32])
            .respond(10, tag(), |_| {
                ScriptedBody::sized([Act::data(&WHOLE[..10])])
            });
        response.headers().get("repr-digest").cloned()
    };
    let whole = digest("GET", &[]).expect("a digest");
    assert_eq!(
        whole,
        "sha-256=:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=:"
    );
    let part = ("range", "bytes=1-2");
    assert_eq!(digest("HEAD", &[]), Some(whole.clone()));
    assert_eq!(digest("GET", &[part]), Some(whole));
    // The client has the metadata of the representation, and a 416 has no representation.
    assert_eq!(digest("GET", &[part, ("if-range", "\"v1\"")]), None);
    assert_eq!(digest("GET", &[("range", "bytes=10-")]), None);
}
