//! The content of a response, which ends its exchange.

use http::{Response, StatusCode};
use http_body::SizeHint;

use super::{Recorder, bare, read_frames, sized, streamed};
use crate::{
    ObserveLayer,
    observe::ObservedBody,
    test_support::{Act, ScriptedBody, read, read_unchecked, send},
};

/// Sends a request to a handler with this response. Its head is reported, and its end may be.
fn observe(
    recorder: &Recorder,
    method: &str,
    response: Response<ScriptedBody>,
) -> ObservedBody<ScriptedBody> {
    let layer = ObserveLayer::new(recorder.clone());
    let mut response = Some(response);
    let response = send(&layer, bare(method), |_| response.take().unwrap());
    response.into_body()
}

#[test]
fn a_stream_is_reported_when_it_ends() {
    let recorder = Recorder::default();
    for tells_end in [true, false] {
        let acts = [
            Act::data("he"),
            Act::Wait,
            Act::data("llo"),
            Act::trailers(),
        ];
        let mut response = streamed(acts.clone());
        if !tells_end {
            response = response.map(ScriptedBody::without_telling_end);
        }
        let body = observe(&recorder, "GET", response);
        assert_eq!(recorder.take(), ["head 200 unevaluated"]);
        assert_eq!(read(body).len(), 3);
        assert_eq!(
            recorder.take(),
            ["GET other 200 unevaluated sent=5 runs=1"],
            "{tells_end}"
        );
    }
}

/// A server drops a body that says that it is over, or whose announced bytes it has.
#[test]
fn content_is_complete_with_its_last_byte() {
    let recorder = Recorder::default();
    let silent = || sized(["he", "llo"]).map(ScriptedBody::without_telling_end);
    let announced = || {
        let mut response = silent().map(|body| body.with_hint(SizeHint::new()));
        response.headers_mut().insert("content-length", 5.into());
        response
    };
    for response in [sized(["he", "llo"]), silent(), announced()] {
        let body = observe(&recorder, "GET", response);
        read_frames(body, 2);
        assert_eq!(
            recorder.exchange(),
            "GET other 200 unevaluated sent=5 runs=1"
        );
    }
}

/// P-OB-once
#[test]
fn content_that_is_not_read_to_its_end_is_incomplete() {
    let recorder = Recorder::default();
    for (frames, sent) in [(0, 0), (1, 2)] {
        for response in [sized(["he", "llo"]), streamed(["he", "llo"].map(Act::data))] {
            read_frames(observe(&recorder, "GET", response), frames);
            let expected = format!("GET other 200 incomplete sent={sent} runs=1");
            assert_eq!(recorder.exchange(), expected);
        }
    }
}

#[test]
fn an_error_of_the_content_is_an_end() {
    let recorder = Recorder::default();
    let body = observe(&recorder, "GET", streamed([Act::data("he"), Act::Error]));
    assert_eq!(read(body), [Act::data("he"), Act::Error]);
    assert_eq!(
        recorder.exchange(),
        "GET other 200 body_error sent=2 runs=1"
    );
}

/// RFC 9110, sections 6.4.1 and 9.3.6: a server reads nothing of these bodies.
#[test]
fn a_response_without_content_is_complete_at_its_head() {
    let recorder = Recorder::default();
    let status = |status: u16| {
        let mut response = streamed([Act::data("ignored")]);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    };
    let empty = || sized([]).map(ScriptedBody::without_telling_end);
    for (method, response, sent) in [
        ("HEAD", sized(["hello"]), "HEAD other 200"),
        ("GET", streamed([]), "GET other 200"),
        ("GET", empty(), "GET other 200"),
        ("PUT", status(204), "PUT other 204"),
        ("GET", status(304), "GET other 304"),
        ("GET", status(101), "GET other 101"),
        ("CONNECT", status(200), "CONNECT other 200"),
    ] {
        let body = observe(&recorder, method, response);
        let expected = format!("{sent} unevaluated sent=0 runs=1");
        assert_eq!(recorder.exchanges(), [expected]);
        drop(body);
        assert_eq!(recorder.take(), [""; 0]);
    }
}

#[test]
fn content_of_another_length_than_announced_is_counted_once() {
    let recorder = Recorder::default();
    let lying =
        |announced| sized(["hello"]).map(|body| body.with_hint(SizeHint::with_exact(announced)));
    for (announced, result) in [(3, "unevaluated"), (5, "unevaluated"), (9, "incomplete")] {
        let response = lying(announced).map(ScriptedBody::without_telling_end);
        read_unchecked(observe(&recorder, "GET", response));
        let expected = format!("GET other 200 {result} sent=5 runs=1");
        assert_eq!(recorder.exchange(), expected, "{announced}");
    }
}

#[test]
fn frames_and_hints_are_those_of_the_inner_body() {
    let recorder = Recorder::default();
    let acts = [
        Act::data("he"),
        Act::data(""),
        Act::data("llo"),
        Act::trailers(),
    ];
    let body = observe(
        &recorder,
        "GET",
        Response::new(ScriptedBody::sized(acts.clone())),
    );
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(5));
    assert_eq!(read(body), acts);
    assert_eq!(recorder.exchanges().len(), 1);
}
