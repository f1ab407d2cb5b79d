//! The headers of a 304, and the responses that become one.

use http::{
    HeaderName, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE,
        CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, EXPIRES,
        IF_MATCH, IF_NONE_MATCH, LAST_MODIFIED, RANGE, SET_COOKIE, VARY,
    },
};
use http_body::Body;

use crate::conditional::tests::{MODIFIED, answer, exchange, get, layer};
use crate::test_support::{Act, ScriptedBody, content, read};

/// R-9110-13.1.2-b, R-9110-15.4.5-d.
#[test]
fn a_match_is_304_without_content() {
    for method in [Method::GET, Method::HEAD] {
        let response = exchange(&layer(), method, &[(IF_NONE_MATCH, "\"v1\"")], answer(&[]));
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers()[ETAG], "\"v1\"");
        assert!(response.body().is_end_stream());
        assert_eq!(response.body().size_hint().exact(), Some(0));
        assert!(read(response.into_body()).is_empty());
    }
    let response = get(&[(IF_NONE_MATCH, "\"v2\"")], answer(&[]));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(content(&read(response.into_body())), b"hello");
}

/// R-9110-15.4.5-a, R-9110-15.4.5-b, R-9110-15.4.5-c, R-9110-15.4.5-e,
/// R-9110-5.3-a, R-9530-3-a.
#[test]
fn a_304_keeps_all_but_representation_metadata() {
    let kept = [
        (CACHE_CONTROL, "max-age=60"),
        (CACHE_CONTROL, "stale-while-revalidate=30"),
        (CONTENT_LOCATION, "/notes/1.en"),
        (DATE, "Tue, 15 Nov 1994 13:00:00 GMT"),
        (EXPIRES, "Tue, 15 Nov 1994 14:00:00 GMT"),
        (VARY, "accept-encoding"),
        (VARY, "origin"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "https://example.com"),
        (SET_COOKIE, "a=1"),
        (SET_COOKIE, "b=2"),
        (HeaderName::from_static("x-request-id"), "17"),
    ];
    let gone = [
        (CONTENT_TYPE, "text/plain"),
        (CONTENT_ENCODING, "gzip"),
        (CONTENT_LANGUAGE, "en"),
        (LAST_MODIFIED, MODIFIED),
        (HeaderName::from_static("repr-digest"), "sha-256=:AA==:"),
        (HeaderName::from_static("content-digest"), "sha-256=:AA==:"),
    ];
    let fields: Vec<_> = kept.iter().chain(&gone).cloned().collect();
    let response = get(&[(IF_NONE_MATCH, "\"v1\"")], answer(&fields));
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    for (name, _) in &kept {
        let expected: Vec<_> = kept
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| *v)
            .collect();
        let actual: Vec<_> = response.headers().get_all(name).iter().collect();
        assert_eq!(actual, expected, "{name}");
    }
    for (name, _) in &gone {
        assert!(!response.headers().contains_key(name), "{name}");
    }
}

/// R-9110-8.6-a: the `Content-Length` is that of the 200, or absent.
#[test]
fn a_304_never_claims_to_be_empty() {
    let condition = [(IF_NONE_MATCH, "\"v1\"")];
    assert_eq!(get(&condition, answer(&[])).headers()[CONTENT_LENGTH], "5");
    let mut stream = answer(&[]);
    *stream.body_mut() = ScriptedBody::unsized_([Act::data("hello")]);
    assert!(
        !get(&condition, stream)
            .headers()
            .contains_key(CONTENT_LENGTH)
    );
}

/// R-9110-8.6-a: a framework may write the length of no content on a 304 from inside. It is
/// not that of the 200.
#[test]
fn a_304_from_inside_never_claims_to_be_empty() {
    for method in [Method::GET, Method::HEAD] {
        for layer in [layer(), layer().head_as_get()] {
            for (length, kept) in [("0", false), ("5", true)] {
                let mut inside = answer(&[(CONTENT_LENGTH, length)]);
                *inside.status_mut() = StatusCode::NOT_MODIFIED;
                *inside.body_mut() = ScriptedBody::sized([]);
                let response = exchange(&layer, method.clone(), &[], inside);
                assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
                assert_eq!(response.headers().contains_key(CONTENT_LENGTH), kept);
            }
        }
    }
}

/// R-9110-13.2.1-a.
#[test]
fn other_statuses_win() {
    for status in [301, 302, 400, 401, 403, 404, 405, 416, 500, 503] {
        for condition in [
            (IF_NONE_MATCH, "\"v1\""),
            (IF_NONE_MATCH, "*"),
            (IF_MATCH, "\"v0\""),
        ] {
            let mut response = answer(&[]);
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            assert_eq!(get(&[condition], response).status(), status);
        }
    }
}

/// R-9110-15.4.5-d: a response becomes a 304 only if it would be a 200 without `Range`.
#[test]
fn only_what_would_be_200_becomes_304() {
    let condition = (IF_NONE_MATCH, "\"v1\"");
    for status in [203, 204, 206] {
        let mut response = answer(&[]);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        assert_eq!(
            get(std::slice::from_ref(&condition), response).status(),
            status
        );
    }
    let mut part = answer(&[(CONTENT_RANGE, "bytes 0-4/10")]);
    *part.status_mut() = StatusCode::PARTIAL_CONTENT;
    let response = get(&[condition, (RANGE, "bytes=0-4")], part);
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert!(!response.headers().contains_key(CONTENT_RANGE));
    assert!(!response.headers().contains_key(CONTENT_LENGTH));
}

/// R-9111-4.3.4-b: a cache must not use a strong tag to update a response whose tag was weakened. It
/// does not matter who makes the 304.
#[test]
fn a_304_has_the_form_that_the_client_has() {
    for (sent, tag) in [
        ("\"v1\"", "\"v1\""),
        ("W/\"v1\"", "W/\"v1\""),
        ("W/\"v0\", W/\"v1\"", "W/\"v1\""),
        ("W/\"v1\", \"v1\"", "\"v1\""),
        ("*", "\"v1\""),
    ] {
        for status in [StatusCode::OK, StatusCode::NOT_MODIFIED] {
            let mut response = answer(&[]);
            *response.status_mut() = status;
            let response = get(&[(IF_NONE_MATCH, sent)], response);
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{sent}");
            assert_eq!(response.headers()[ETAG], tag, "{sent} {status}");
        }
    }
}
