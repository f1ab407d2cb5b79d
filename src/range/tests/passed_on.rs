//! Responses that stay whole, and services that serve ranges themselves.

use http::{Method, Response};
use http_body::SizeHint;

use super::{get, layer, request, shown, whole};
use crate::{
    body::{BrokenContent, UnconfirmedTag},
    test_support::{Act, Log, ScriptedBody, read, read_unchecked, send},
};

const PART: &[(&str, &str)] = &[("range", "bytes=3-6")];

/// R-9110-15.3.7-b.
#[test]
fn parts_of_the_service_pass_untouched() {
    for (status, range) in [(206, "bytes 3-6/10"), (416, "bytes */10")] {
        let response = move || {
            let mut response = whole(&[("content-range", range)]);
            *response.status_mut() = status.try_into().unwrap();
            response
        };
        let (found, lines, content) = shown(get(&layer(), PART, response));
        assert_eq!((found, content.as_str()), (status, "0123456789"));
        assert_eq!(
            lines,
            [format!("content-range: {range}"), "etag: \"v1\"".to_owned()]
        );
    }
}

/// The service gets the request as it came.
#[test]
fn the_request_stays_as_it_is() {
    let log = Log::default();
    let noted = log.clone();
    let fields = [("range", "bytes=3-6"), ("if-range", "\"v1\"")];
    send(&layer(), request(Method::GET, &fields), move |request| {
        noted.note(format!("{:?}", request.headers()));
        whole(&[])
    });
    assert_eq!(
        log.take(),
        [r#"{"range": "bytes=3-6", "if-range": "\"v1\""}"#]
    );
}

/// R-9110-14.2-b, R-SSE-a, R-GRPC-a.
#[test]
fn all_else_is_whole_and_says_nothing_of_ranges() {
    let with = |fields: &'static [(&'static str, &'static str)]| move || whole(fields);
    for fields in [
        &[("content-type", "text/event-stream")] as &[_],
        &[("content-type", "application/grpc")],
        &[("content-length", "11")],
    ] {
        let (status, lines, content) = shown(get(&layer(), PART, with(fields)));
        assert_eq!((status, content.as_str()), (200, "0123456789"));
        assert!(
            !lines.iter().any(|line| line.starts_with("accept-ranges")),
            "{lines:?}"
        );
    }
    for status in [201, 203, 204, 301, 304, 404, 412, 500] {
        let response = move || {
            let mut response = whole(&[]);
            *response.status_mut() = status.try_into().unwrap();
            response
        };
        let answer = get(&layer(), PART, response);
        assert_eq!(answer.status(), status);
        assert!(!answer.headers().contains_key("accept-ranges"));
    }
}

/// R-9110-14.1.2-c. A coding inside makes the length unknown.
#[test]
fn a_body_of_unknown_length_is_whole() {
    let acts = [
        Act::data("01234"),
        Act::Wait,
        Act::data("56789"),
        Act::trailers(),
    ];
    let mut bounds = SizeHint::new();
    bounds.set_upper(10);
    for hint in [SizeHint::new(), bounds] {
        let acts = acts.clone();
        let response = move || Response::new(ScriptedBody::unsized_(acts.clone()).with_hint(hint));
        let answer = get(&layer(), PART, response);
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("accept-ranges"));
        let passed = read(answer.into_body());
        assert_eq!(passed.last(), Some(&Act::trailers()));
    }
}

/// Content that broke while it was hashed, and content without a confirmed tag.
#[test]
fn content_that_cannot_be_trusted_is_whole() {
    let broken = || {
        let mut response = whole(&[]);
        response.extensions_mut().insert(BrokenContent);
        response
    };
    let unconfirmed = || {
        let mut response = whole(&[]);
        response.extensions_mut().insert(UnconfirmedTag);
        response
    };
    for answer in [
        get(&layer(), PART, broken),
        get(&layer(), PART, unconfirmed),
    ] {
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("accept-ranges"));
    }
}

/// R-9110-14.3-a.
#[test]
fn a_response_that_could_be_cut_says_so() {
    for method in [Method::GET, Method::HEAD] {
        for (own, expected) in [(None, "bytes"), (Some("none"), "none"), (Some("x"), "x")] {
            let fields: Vec<_> = own.map(|own| ("accept-ranges", own)).into_iter().collect();
            let answer = send(&layer(), request(method.clone(), &[]), move |_| {
                whole(&fields)
            });
            assert_eq!(answer.headers()["accept-ranges"], expected);
        }
    }
}

/// R-9110-14.3-a: a part would contradict the response of the service.
#[test]
fn a_service_that_has_no_ranges_is_not_cut() {
    for (own, status) in [("none", 200), ("None", 200), ("bytes", 206), ("x", 206)] {
        let answer = get(&layer(), PART, move || whole(&[("accept-ranges", own)]));
        assert_eq!(answer.status(), status, "{own}");
        assert_eq!(answer.headers()["accept-ranges"], own);
    }
    let behind = [("range", "bytes=10-")];
    let answer = get(&layer(), &behind, || whole(&[("accept-ranges", "none")]));
    assert_eq!(answer.status(), 200);
}

/// R-9110-14.3-a. The empty body of a `HEAD` does not tell its length.
#[test]
fn a_head_without_a_length_says_nothing() {
    let head = |fields| {
        send(&layer(), request(Method::HEAD, &[]), move |_| {
            let mut response = whole(fields);
            *response.body_mut() = ScriptedBody::sized([]);
            response
        })
    };
    assert!(!head(&[]).headers().contains_key("accept-ranges"));
    assert_eq!(
        head(&[("content-length", "10")]).headers()["accept-ranges"],
        "bytes"
    );
}

/// P-TR-bodyerr.
#[test]
fn an_error_of_the_body_stays_one() {
    let response = || {
        let acts = [Act::data("01234"), Act::Error];
        let hint = SizeHint::with_exact(10);
        Response::new(ScriptedBody::sized(acts).with_hint(hint))
    };
    let answer = get(&layer(), PART, response);
    assert_eq!(answer.status(), 206);
    let acts = read_unchecked(answer.into_body());
    assert_eq!(acts[..2], [Act::data("34"), Act::Error]);
}
