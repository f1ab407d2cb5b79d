use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, IF_MATCH, IF_NONE_MATCH, IF_RANGE,
        LAST_MODIFIED, VARY,
    },
};

use super::CodingTagLayer;
use crate::test_support::{Act, ScriptedBody, content, read, send};

const GZIP: (HeaderName, &str) = (ACCEPT_ENCODING, "gzip");

fn request(method: Method, fields: &[(HeaderName, &'static str)]) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = method;
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(name, value);
    }
    request
}

fn answer(status: u16, fields: &[(HeaderName, &'static str)]) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized([Act::data("hello")]));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        response.headers_mut().append(name, value);
    }
    response
}

/// R-9110-8.8.1-c: the body is that of the service, and has the same type.
#[test]
fn content_passes_with_the_tag_of_its_coding() {
    let fields = [(ETAG, "\"v1\""), (CONTENT_ENCODING, "gzip")];
    let response: Response<ScriptedBody> = send(
        &CodingTagLayer::new(),
        request(Method::GET, &[GZIP]),
        |_| answer(200, &fields),
    );
    assert_eq!(response.headers()[ETAG], "\"v1-gzip\"");
    assert_eq!(response.headers()[VARY], "accept-encoding");
    assert_eq!(content(&read(response.into_body())), b"hello");
}

/// R-9530-5-a: a response without a tag, too.
#[test]
fn a_digest_of_content_before_its_coding_is_removed() {
    let digest = HeaderName::from_static("repr-digest");
    for (coding, is_kept) in [("gzip", false), ("identity", true)] {
        let fields = [
            (CONTENT_ENCODING, coding),
            (digest.clone(), "sha-256=:AAAA:"),
        ];
        let response = send(&CodingTagLayer::new(), request(Method::POST, &[]), |_| {
            answer(200, &fields)
        });
        assert_eq!(response.headers().contains_key(&digest), is_kept);
    }
}

/// R-9110-13.1.2-e, R-9110-8.6-a.
#[test]
fn a_304_has_the_tag_that_the_client_has() {
    let conditional = request(Method::GET, &[GZIP, (IF_NONE_MATCH, "\"v1-gzip\"")]);
    let response = send(&CodingTagLayer::new(), conditional, |request| {
        let tags = &request.headers()[IF_NONE_MATCH];
        assert_eq!(tags, "\"v1\", \"v1-gzip\"");
        answer(304, &[(ETAG, "\"v1\""), (CONTENT_LENGTH, "5")])
    });
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(response.headers()[ETAG], "\"v1-gzip\"");
    assert_eq!(response.headers()[VARY], "accept-encoding");
    assert!(!response.headers().contains_key(CONTENT_LENGTH));
}

/// R-9110-13.1.1-d.
#[test]
fn a_write_names_the_version_with_any_coding() {
    for (named, seen) in [("\"v1-gzip\"", "\"v1\""), ("\"v0-br\"", "\"v0\"")] {
        let write = request(Method::PUT, &[(IF_MATCH, named)]);
        let response = send(&CodingTagLayer::new(), write, |request| {
            assert_eq!(request.headers()[IF_MATCH], seen);
            answer(412, &[(ETAG, "\"v1\"")])
        });
        assert_eq!(response.headers()[ETAG], "\"v1\"");
    }
}

/// A response varies by coding if it is validated by a tag, by a date, or only by
/// `If-None-Match: *`.
#[test]
fn every_validated_answer_varies() {
    const DATE: (HeaderName, &str) = (LAST_MODIFIED, "Sat, 01 Jan 2000 00:00:00 GMT");
    let cases: [(u16, &[_]); 4] = [
        (200, &[(ETAG, "\"v1\"")]),
        (200, &[DATE]),
        (304, &[DATE]),
        (304, &[]),
    ];
    for (status, fields) in cases {
        let response = send(
            &CodingTagLayer::new(),
            request(Method::GET, &[GZIP, (IF_NONE_MATCH, "*")]),
            |_| answer(status, fields),
        );
        let vary = response.headers().get(VARY);
        assert_eq!(vary.unwrap(), "accept-encoding", "{status} {fields:?}");
    }
}

#[test]
fn a_response_without_tags_passes() {
    let fields = [(IF_RANGE, "\"v1-gzip\""), GZIP];
    let sent = request(Method::GET, &fields);
    let expected = sent.headers().clone();
    let given = answer(200, &[(CONTENT_ENCODING, "gzip")]);
    let headers = given.headers().clone();
    let mut given = Some(given);
    let response = send(&CodingTagLayer::default(), sent, |request| {
        assert_eq!(*request.headers(), expected);
        given.take().unwrap()
    });
    assert_eq!(*response.headers(), headers);
}

#[test]
fn the_settings_can_be_combined() {
    let layer = CodingTagLayer::new()
        .tolerate([";gzip"])
        .unwrap()
        .codings(["gzip"])
        .unwrap()
        .weaken();
    let conditional = request(Method::GET, &[GZIP, (IF_NONE_MATCH, "\"v1;gzip\"")]);
    let response = send(&layer, conditional, |request| {
        let tags = &request.headers()[IF_NONE_MATCH];
        assert_eq!(tags, "\"v1\", \"v1;gzip\"");
        answer(200, &[(ETAG, "\"v2\""), (CONTENT_ENCODING, "gzip")])
    });
    assert_eq!(response.headers()[ETAG], "W/\"v2\"");
    assert!(CodingTagLayer::new().codings(["not a token"]).is_err());
    assert!(CodingTagLayer::new().tolerate(["gzip"]).is_err());
}
