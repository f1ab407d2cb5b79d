mod whole;

use bytes::Bytes;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use http_body::{Body, SizeHint};
use proptest::{collection::vec, prelude::*};

use super::{get, layer, shown};
use crate::{
    body::ResponseBody,
    range::RangeLayer,
    semantics::condition::range::Boundary,
    test_support::{Act, ScriptedBody, content, multipart, read, read_unchecked},
};

/// The content of a representation: letters, in which no two places a part apart look the same.
fn letters(length: usize) -> Bytes {
    let letter = |at: usize| b'a' + (at * at / 7 % 26) as u8;
    (0..length).map(letter).collect()
}

fn framed(frame: usize) -> impl Fn() -> Response<ScriptedBody> + Clone {
    move || {
        let content = letters(2000);
        let frames = content.chunks(frame).map(Act::data);
        let mut response = Response::new(ScriptedBody::sized(frames));
        let text = HeaderValue::from_static("text/plain");
        response.headers_mut().insert(CONTENT_TYPE, text);
        response
    }
}

fn fixed() -> RangeLayer {
    let mut layer = layer();
    layer.config_mut().draw_boundary = || Boundary::new(0xb0b);
    layer
}

fn ask(range: &str, frame: usize) -> Response<ResponseBody<ScriptedBody>> {
    get(&layer(), &[("range", range)], framed(frame))
}

/// Returns the ranges of the parts, and checks their content.
fn parts(response: Response<ResponseBody<ScriptedBody>>) -> Vec<String> {
    assert_eq!(response.status(), 206);
    let media_type = response.headers()[CONTENT_TYPE]
        .to_str()
        .unwrap()
        .to_owned();
    let body = content(&read(response.into_body()));
    let whole = letters(2000);
    let parts = multipart(&media_type, &body).into_iter().map(|part| {
        assert_eq!(part.content_type.as_deref(), Some("text/plain"));
        let range = part.content_range.strip_prefix("bytes ").unwrap();
        let (range, complete) = range.split_once('/').unwrap();
        assert_eq!(complete, "2000");
        let (first, last) = range.split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        assert_eq!(part.content, &whole[first..=last], "{range}");
        range.to_owned()
    });
    parts.collect()
}

/// R-9110-15.3.7.2-a.
#[test]
fn several_ranges_are_one_multipart_response() {
    let (status, lines, body) = shown(get(
        &fixed(),
        &[("range", "bytes=0-2,500-501,-1")],
        framed(700),
    ));
    let text = String::from_utf8(letters(2000).to_vec()).unwrap();
    let boundary = format!("{:032x}", 0xb0b);
    let part = |first: usize, last: usize| {
        format!(
            "--{boundary}\r\nContent-Type: text/plain\r\n\
             Content-Range: bytes {first}-{last}/2000\r\n\r\n{}\r\n",
            &text[first..=last]
        )
    };
    let parts = [part(0, 2), part(500, 501), part(1999, 1999)];
    assert_eq!(body, parts.concat() + &format!("--{boundary}--\r\n"));
    let expected = [
        "accept-ranges: bytes".to_owned(),
        format!("content-length: {}", body.len()),
        format!("content-type: multipart/byteranges; boundary={boundary}"),
    ];
    assert_eq!((status, lines), (206, expected.into()));
}

/// R-9110-15.3.7.2-a: content in one frame has any order. A stream is read once.
#[test]
fn parts_have_the_order_of_the_request_or_the_response_is_whole() {
    for (range, expected) in [
        ("bytes=900-901,0-1", ["900-901", "0-1"]),
        ("bytes=0-1,900-901", ["0-1", "900-901"]),
        ("bytes=-2,100-101", ["1998-1999", "100-101"]),
    ] {
        assert_eq!(parts(ask(range, 2000)), expected, "{range}");
    }
    assert_eq!(parts(ask("bytes=0-1,900-901", 9)), ["0-1", "900-901"]);
    let (status, lines, body) = shown(ask("bytes=900-901,0-1", 9));
    assert_eq!((status, body.as_bytes()), (200, &letters(2000)[..]));
    assert_eq!(lines, ["accept-ranges: bytes", "content-type: text/plain"]);
}

/// A body that was polled for its one frame goes on as it is.
#[test]
fn an_error_of_a_body_that_is_sent_whole_stays_an_error() {
    let broken = || {
        let acts = [Act::data("abc"), Act::Error];
        let hint = SizeHint::with_exact(2000);
        Response::new(ScriptedBody::sized(acts).with_hint(hint))
    };
    let answer = get(&layer(), &[("range", "bytes=900-901,0-1")], broken);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("content-type"), None);
    assert_eq!(answer.body().size_hint().exact(), Some(2000));
    assert_eq!(
        read_unchecked(answer.into_body()),
        [Act::data("abc"), Act::Error]
    );
}

/// R-9110-15.3.7.2-a: one part is never multipart.
#[test]
fn ranges_that_are_near_are_one_part() {
    for (range, gap, expected) in [
        ("bytes=0-9,10-19", 0, Some("bytes 0-19/2000")),
        ("bytes=0-9,11-19", 0, None),
        ("bytes=0-9,90-99", 80, Some("bytes 0-99/2000")),
        ("bytes=90-99,0-9", 80, Some("bytes 0-99/2000")),
        ("bytes=0-9,91-99", 80, None),
        ("bytes=0-0,3000-", 80, Some("bytes 0-0/2000")),
    ] {
        let answer = get(
            &layer().max_gap_bytes(gap),
            &[("range", range)],
            framed(2000),
        );
        assert_eq!(answer.status(), 206);
        let content_range = answer.headers().get("content-range");
        assert_eq!(
            content_range.map(|range| range.to_str().unwrap()),
            expected,
            "{range}"
        );
    }
    let default = ask("bytes=0-9,90-99", 2000);
    assert_eq!(default.headers()["content-range"], "bytes 0-99/2000");
    assert_eq!(parts(ask("bytes=0-9,91-99", 2000)), ["0-9", "91-99"]);
}

/// R-9110-15.3.7-a: the client of `If-Range` has the metadata, but it needs the boundary.
#[test]
fn parts_after_if_range_have_no_metadata_of_the_whole() {
    let response = || {
        let mut response = framed(2000)();
        let headers = response.headers_mut();
        for (name, value) in [
            ("etag", "\"v1\""),
            ("content-language", "en"),
            ("last-modified", super::MODIFIED),
            ("cache-control", "max-age=1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    };
    for (if_range, has_language) in [(&[][..], true), (&[("if-range", "\"v1\"")], false)] {
        let fields = [&[("range", "bytes=0-0,900-900")], if_range].concat();
        let answer = get(&layer(), &fields, response);
        let headers = answer.headers();
        assert_eq!(headers.contains_key("content-language"), has_language);
        assert_eq!(headers.contains_key("last-modified"), has_language);
        assert_eq!(headers["etag"], "\"v1\"");
        assert_eq!(headers["cache-control"], "max-age=1");
        assert_eq!(parts(answer), ["0-0", "900-900"]);
    }
}

proptest! {
    /// Lists of ranges against slices of the content.
    #[test]
    fn several_parts_are_slices_of_the_whole(
        asked in vec((0_usize..2100, 0_usize..300), 1..6),
        frame in prop_oneof![Just(2000_usize), 1..2000_usize],
        gap in prop_oneof![Just(0), Just(80)],
    ) {
        let whole = letters(2000);
        let ranges: Vec<_> = asked.iter().map(|(first, more)| (*first, first + more)).collect();
        let line: Vec<_> = ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
        let line = format!("bytes={}", line.join(","));
        let answer = get(&layer().max_gap_bytes(gap), &[("range", &line)], framed(frame));
        let is_multipart = answer.headers()[CONTENT_TYPE].as_bytes().starts_with(b"multipart/");
        match answer.status().as_u16() {
            206 if is_multipart => {
                let found = parts(answer);
                let within = |at: usize| found.iter().any(|range| {
                    let (first, last) = range.split_once('-').unwrap();
                    (first.parse().unwrap()..=last.parse().unwrap()).contains(&at)
                });
                for (first, last) in ranges {
                    for at in first..=last.min(1999) {
                        prop_assert!(within(at), "{line}: byte {at} is missing in {found:?}");
                    }
                }
            }
            206 => {
                let range = answer.headers()["content-range"].to_str().unwrap().to_owned();
                let range = range.strip_prefix("bytes ").unwrap();
                let range = range.strip_suffix("/2000").unwrap();
                let (first, last) = range.split_once('-').unwrap();
                let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                prop_assert_eq!(content(&read(answer.into_body())), &whole[first..=last]);
            }
            416 => prop_assert!(ranges.iter().all(|(first, _)| *first >= 2000)),
            status => {
                prop_assert_eq!(status, 200);
                prop_assert_eq!(content(&read(answer.into_body())), &whole[..]);
            }
        }
    }
}
