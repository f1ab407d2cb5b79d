//! Responses that stay untagged, and the headers beside a tag.

use http::{
    HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED, UPGRADE,
    },
};

use super::{get, hello, request, tag, tag_of, with};
use crate::{
    EtagLayer,
    outcome::{Outcome, TagOrigin},
    semantics::{field::SafeMethods, validator::UntaggedReason},
    test_support::{Act, ScriptedBody, send},
};

fn why_untagged(
    layer: EtagLayer,
    method: &Method,
    response: Response<ScriptedBody>,
) -> UntaggedReason {
    let before = response.headers().get(ETAG).cloned();
    let mut response = Some(response);
    let response = send(&layer.explain(), request(method), |_| {
        response.take().unwrap()
    });
    assert_eq!(response.headers().get(ETAG).cloned(), before);
    match Outcome::of(&response).and_then(Outcome::tag) {
        Some(TagOrigin::Untouched(why)) => why,
        other => panic!("tagged: {other:?}"),
    }
}

/// R-9110-9.3.2-a: a `HEAD` with its content gets the tag of `GET`. One without content
/// gets no tag.
#[test]
fn head_has_the_tag_of_get_or_none() {
    let layer = EtagLayer::new();
    let get = tag_of(&layer, Response::new(hello()));
    let head = send(&layer, request(&Method::HEAD), |_| Response::new(hello()));
    assert!(tag(&head).unwrap().strong_eq(&get));

    let nothing = Response::new(ScriptedBody::sized([]));
    let why = why_untagged(EtagLayer::new(), &Method::HEAD, nothing);
    assert_eq!(why, UntaggedReason::HeadWithoutContent);
    let other_length = with(CONTENT_LENGTH, "500");
    let why = why_untagged(EtagLayer::new(), &Method::HEAD, other_length);
    assert_eq!(why, UntaggedReason::LengthMismatch);
}

/// R-9110-8.8-a: the handler's tag wins, even a malformed one, and its body is not read.
#[test]
fn the_handlers_tag_wins() {
    for own in ["\"v7\"", "W/\"v7\"", "abc", "w/\"x\"", "\"a b\"", ""] {
        let response = with(ETAG, own);
        let why = why_untagged(EtagLayer::new(), &Method::GET, response);
        assert_eq!(why, UntaggedReason::HandlerTag, "{own}");
    }
}

/// R-9110-8.8.3.1-a.
#[test]
fn last_modified_stays_beside_the_tag() {
    let date = "Tue, 15 Nov 1994 12:45:26 GMT";
    let mut response = Some(with(LAST_MODIFIED, date));
    let response = get(&EtagLayer::new(), |_| response.take().unwrap());
    assert_eq!(response.headers()[LAST_MODIFIED], date);
    assert!(tag(&response).is_some());
}

/// R-9110-8.8-c, R-9110-15.3.7-b, R-9110-15.2-a, R-SSE-a, R-GRPC-a,
/// R-INCR-3-a.
#[test]
fn responses_without_a_tag_from_their_content() {
    const INCREMENTAL: HeaderName = HeaderName::from_static("incremental");
    let cases = [
        (UntaggedReason::Part, CONTENT_RANGE, "bytes 0-4/10"),
        (UntaggedReason::Live, CONTENT_TYPE, "text/event-stream"),
        (
            UntaggedReason::Live,
            CONTENT_TYPE,
            "Text/Event-Stream; charset=utf-8",
        ),
        (UntaggedReason::Live, CONTENT_TYPE, "application/grpc+proto"),
        (
            UntaggedReason::Live,
            CONTENT_TYPE,
            "multipart/x-mixed-replace; boundary=x",
        ),
        (UntaggedReason::Live, INCREMENTAL, "?1"),
        (UntaggedReason::NoStore, CACHE_CONTROL, "private, No-Store"),
        (UntaggedReason::LengthMismatch, CONTENT_LENGTH, "6"),
        (UntaggedReason::LengthMismatch, CONTENT_LENGTH, "five"),
    ];
    for (expected, name, value) in cases {
        let why = why_untagged(EtagLayer::new(), &Method::GET, with(name, value));
        assert_eq!(why, expected, "{value}");
    }
    for status in [
        100, 103, 201, 202, 203, 204, 205, 206, 301, 304, 400, 404, 412, 500, 503,
    ] {
        let mut response = Response::new(hello());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let why = why_untagged(EtagLayer::new(), &Method::GET, response);
        assert_eq!(why, UntaggedReason::Status, "{status}");
    }
}

/// P-TR-limit.
#[test]
fn content_that_is_too_long_or_of_unknown_length_passes() {
    let limited = || EtagLayer::new().max_body_bytes(4);
    let why = why_untagged(limited(), &Method::GET, Response::new(hello()));
    assert_eq!(why, UntaggedReason::TooLong);

    let stream = ScriptedBody::unsized_([Act::data("hello"), Act::Wait]);
    let why = why_untagged(EtagLayer::new(), &Method::GET, Response::new(stream));
    assert_eq!(why, UntaggedReason::UnknownLength);

    assert!(
        tag(&get(&limited().max_body_bytes(5), |_| Response::new(
            hello()
        )))
        .is_some()
    );
}

/// R-9110-8.8-b, R-9110-9.3.4-a.
#[test]
fn unsafe_methods_pass() {
    let layer = EtagLayer::new();
    let report = Method::from_bytes(b"REPORT").unwrap();
    let purge = Method::from_bytes(b"PURGE").unwrap();
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
        report.clone(),
        purge,
    ] {
        let response = send(&layer, request(&method), |_| Response::new(hello()));
        assert!(tag(&response).is_none(), "{method}");
    }

    let layer = layer.methods(SafeMethods::GET | SafeMethods::REPORT);
    let response = send(&layer, request(&report), |_| Response::new(hello()));
    assert!(tag(&response).is_some());
    let response = send(&layer, request(&Method::HEAD), |_| Response::new(hello()));
    assert!(tag(&response).is_none());
}

/// Issue 10, A.8, R-QUERY-cond-a: the result of a `QUERY` is tagged like the content of a
/// `GET`.
#[test]
fn the_result_of_a_query_is_tagged() {
    let query = Method::from_bytes(b"QUERY").unwrap();
    let response = send(&EtagLayer::new(), request(&query), |_| {
        Response::new(hello())
    });
    let of_get = get(&EtagLayer::new(), |_| Response::new(hello()));
    assert_eq!(response.headers()[ETAG], of_get.headers()[ETAG]);
}

/// Issue 10, A.1, R-9110-7.8-a: the status of the response shows an upgrade.
#[test]
fn only_a_101_is_an_upgrade() {
    let upgrade = || {
        let mut request = request(&Method::GET);
        let h2c = HeaderValue::from_static("h2c");
        request.headers_mut().insert(UPGRADE, h2c);
        request
    };
    let layer = EtagLayer::new();
    let ignored = send(&layer, upgrade(), |_| Response::new(hello()));
    assert!(tag(&ignored).is_some());
    let switched = send(&layer, upgrade(), |_| {
        let mut response = Response::new(hello());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response
    });
    assert!(tag(&switched).is_none());
}

#[test]
fn only_a_203_can_be_tagged_beside_a_200() {
    for (status, can_be) in [
        (StatusCode::NON_AUTHORITATIVE_INFORMATION, true),
        (StatusCode::CREATED, false),
        (StatusCode::PARTIAL_CONTENT, false),
        (StatusCode::NOT_FOUND, false),
    ] {
        for (layer, is_tagged) in [
            (EtagLayer::new(), false),
            (EtagLayer::new().non_authoritative(), can_be),
        ] {
            let response = send(&layer, request(&Method::GET), |_| {
                let mut response = Response::new(hello());
                *response.status_mut() = status;
                response
            });
            assert_eq!(tag(&response).is_some(), is_tagged, "{status}");
        }
    }
    tag_of(
        &EtagLayer::new().non_authoritative(),
        Response::new(hello()),
    );
}

/// R-9530-3-a, R-9530-3.1-a, R-9530-5-a: a digest header describes the content that the
/// handler sent, and stays. The layer makes none, even if the client asks for one.
#[test]
fn digest_headers_stay_as_they_are() {
    const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
    const WANT_REPR_DIGEST: HeaderName = HeaderName::from_static("want-repr-digest");
    let digest = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    for method in [Method::GET, Method::HEAD, Method::POST] {
        let mut wants = request(&method);
        let md5 = HeaderValue::from_static("md5=10");
        wants.headers_mut().insert(WANT_REPR_DIGEST, md5);
        let mut plain = Some(Response::new(hello()));
        let response = send(&EtagLayer::new(), wants, |_| plain.take().unwrap());
        assert!(!response.headers().contains_key(REPR_DIGEST));

        let mut own = Some(with(REPR_DIGEST, digest));
        let response = send(&EtagLayer::new(), request(&method), |_| own.take().unwrap());
        assert_eq!(response.headers()[REPR_DIGEST], digest);
    }
}
