use http::{HeaderValue, Method};

use super::{RangeLayer, get, layer, request, shown, whole};
use crate::{
    refusal::Refusal,
    test_support::{Log, send},
};

/// R-9110-14.2-c, R-9457-3-a.
#[test]
fn bytes_behind_the_end_are_416_with_the_length() {
    let response = || {
        let mut response = whole(&[
            ("content-type", "text/plain"),
            ("cache-control", "max-age=60"),
            ("expires", "Sun, 09 Sep 2001 02:46:40 GMT"),
            ("vary", "accept"),
        ]);
        response.extensions_mut().insert(7_u8);
        response
    };
    let answer = get(&layer(), &[("range", "bytes=10-")], response);
    assert!(
        answer.extensions().get::<u8>().is_none(),
        "it described the 200"
    );
    let (status, lines, content) = shown(answer);
    assert_eq!(status, 416);
    let length = format!("content-length: {}", content.len());
    let expected = [
        "cache-control: no-store",
        &length,
        "content-range: bytes */10",
        "content-type: application/problem+json",
        "etag: \"v1\"",
        "vary: accept",
    ];
    assert_eq!(lines, expected);
    assert!(content.contains("\"status\":416"), "{content}");
    assert!(content.contains("\"current\":\"\\\"v1\\\"\""), "{content}");
}

/// R-9110-13.1.5-b.
#[test]
fn a_false_if_range_wins_over_416() {
    let fields = [("range", "bytes=10-"), ("if-range", "\"v0\"")];
    assert_eq!(get(&layer(), &fields, || whole(&[])).status(), 200);
}

#[test]
fn refusals_are_rendered_as_the_client_accepts() {
    let fields = [("range", "bytes=10-"), ("accept", "text/html")];
    let (_, lines, content) = shown(get(&layer(), &fields, || whole(&[])));
    assert!(lines.contains(&"content-type: text/plain; charset=utf-8".to_owned()));
    assert!(
        content.starts_with("The representation has none"),
        "{content}"
    );

    let own = layer().refusals(|refusal: &Refusal<'_>| {
        let title = refusal.title().as_bytes();
        (
            HeaderValue::from_static("text/x-own"),
            bytes::Bytes::from_static(title),
        )
    });
    let (_, lines, content) = shown(get(&own, &fields, || whole(&[])));
    assert!(lines.contains(&"content-type: text/x-own".to_owned()));
    assert_eq!(content, "Range Not Satisfiable");
}

/// Sends a write with `Content-Range`, and returns the status and the number of runs.
fn write(layer: &RangeLayer, method: Method) -> (u16, usize) {
    let log = Log::default();
    let runs = log.clone();
    let request = request(method, &[("content-range", "bytes 0-1/10")]);
    let answer = send(layer, request, move |_| {
        runs.note("run");
        whole(&[])
    });
    (answer.status().as_u16(), log.take().len())
}

/// R-9110-14.5-a.
#[test]
fn a_put_of_a_part_is_400_and_changes_nothing() {
    assert_eq!(write(&layer(), Method::PUT), (400, 0));
    assert_eq!(write(&layer().partial_put(), Method::PUT), (200, 1));
    // The header has a meaning of its own for other methods.
    assert_eq!(write(&layer(), Method::PATCH), (200, 1));
}
