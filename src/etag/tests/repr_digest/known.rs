//! Digests that handlers know.

use http::{
    HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG},
};
use sha2::{Digest, Sha256, Sha512};

use super::{
    Act, EtagLayer, ScriptedBody, answer, ask, digest, layer, sha256, sha512, tag, tag_of, vary,
};
use crate::{etag::ContentDigest, source::NoContentTag, test_support::read};

/// Returns a response whose body is never ready.
fn unread(known: ContentDigest) -> Response<ScriptedBody> {
    let body = ScriptedBody::unsized_([Act::data("hel"), Act::Wait, Act::data("lo")]);
    let mut response = Response::new(body);
    response.extensions_mut().insert(known);
    response
}

fn known_sha256() -> ContentDigest {
    ContentDigest::sha256(Sha256::digest("hello").into())
}

fn known_sha512() -> ContentDigest {
    ContentDigest::sha512(Sha512::digest("hello").into())
}

/// R-9530-3-a: the body is not read, and `HEAD` has the same value.
#[test]
fn a_named_digest_is_written_without_reading_the_body() {
    for method in [Method::GET, Method::HEAD] {
        let response = ask(&layer(), &method, None, unread(known_sha256()));
        assert_eq!(digest(&response), Some(sha256("hello").as_str()));
        assert_eq!(vary(&response), Some("want-repr-digest"));
        assert!(tag(&response).is_some());
        let acts = read(response.into_body());
        assert_eq!(acts, [Act::data("hel"), Act::data("lo")]);

        let response = ask(&layer(), &method, None, unread(known_sha512()));
        assert_eq!(digest(&response), Some(sha512("hello").as_str()));
    }
}

#[test]
fn the_name_of_the_algorithm_does_not_change_the_tag() {
    let digest: [u8; 32] = Sha256::digest("hello").into();
    let named = tag_of(&layer(), unread(ContentDigest::sha256(digest)));
    assert!(named.strong_eq(&tag_of(
        &EtagLayer::new(),
        unread(ContentDigest::new(digest))
    )));
    assert_eq!(ContentDigest::sha256(digest).as_bytes(), digest);
    let digest: [u8; 64] = Sha512::digest("hello").into();
    assert_eq!(ContentDigest::sha512(digest).as_bytes(), digest);
}

#[test]
fn a_digest_without_a_name_is_no_header() {
    let response = answer(&layer(), unread(ContentDigest::new([7; 32])));
    assert!(tag(&response).is_some());
    assert_eq!((digest(&response), vary(&response)), (None, None));
    // Without the setting, no digest is written.
    let response = answer(&EtagLayer::new(), unread(known_sha256()));
    assert_eq!((digest(&response), vary(&response)), (None, None));
}

/// The tag of a handler or source, and `no-store`, say nothing against a digest.
#[test]
fn a_response_that_gets_no_tag_may_have_a_known_digest() {
    let expected = sha256("hello");
    for (name, value) in [(ETAG, "\"v1\""), (CACHE_CONTROL, "no-store")] {
        let mut response = unread(known_sha256());
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
        let response = answer(&layer(), response);
        assert_eq!(digest(&response), Some(expected.as_str()));
    }
    let mut response = unread(known_sha256());
    response.extensions_mut().insert(NoContentTag);
    let response = answer(&layer(), response);
    assert!(tag(&response).is_none());
    assert_eq!(digest(&response), Some(expected.as_str()));
}

/// R-9530-3-a: the content of a part is not the representation, and that of an error is another.
#[test]
fn a_part_or_an_error_has_no_known_digest() {
    for status in [201, 206, 304, 404, 412, 500] {
        let mut response = unread(known_sha256());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        assert_eq!(digest(&answer(&layer(), response)), None, "{status}");
    }
    for is_tagged in [false, true] {
        let mut response = unread(known_sha256());
        let headers = response.headers_mut();
        headers.insert(CONTENT_RANGE, HeaderValue::from_static("bytes 0-4/10"));
        if is_tagged {
            headers.insert(ETAG, HeaderValue::from_static("\"v1\""));
        }
        assert_eq!(digest(&answer(&layer(), response)), None);
    }
    let response = ask(&layer(), &Method::PUT, None, unread(known_sha256()));
    assert_eq!(digest(&response), None);
}

/// R-9530-5-a: content of unknown length was coded after the handler had made its digest.
#[test]
fn the_digest_of_content_that_a_layer_codes_is_not_written() {
    let coded = |coding, body: ScriptedBody| {
        let mut response = unread(known_sha256()).map(|_| body);
        let coding = HeaderValue::from_static(coding);
        response.headers_mut().insert(CONTENT_ENCODING, coding);
        response
    };
    let stream = || ScriptedBody::unsized_([Act::data("hello")]);
    let response = answer(&layer(), coded("gzip", stream()));
    assert_eq!((digest(&response), vary(&response)), (None, None));
    assert!(tag(&response).is_some());

    let mut with_length = coded("gzip", stream());
    let length = HeaderValue::from_static("5");
    with_length.headers_mut().insert(CONTENT_LENGTH, length);
    for response in [with_length, coded("gzip", super::hello())] {
        let response = answer(&layer(), response);
        assert_eq!(digest(&response), Some(sha256("hello").as_str()));
    }
}

#[test]
fn the_header_of_the_handler_wins() {
    let mut response = unread(known_sha256());
    let own = HeaderValue::from_static("sha-512=:AAAA:");
    let name = HeaderName::from_static("repr-digest");
    response.headers_mut().insert(name, own);
    let response = answer(&layer(), response);
    assert_eq!(digest(&response), Some("sha-512=:AAAA:"));
    assert_eq!(vary(&response), None);
}

/// R-9530-5-a: a digest by another algorithm than the wanted one is better than none. 0 refuses.
#[test]
fn a_known_digest_is_sent_unless_it_is_refused() {
    let rows = [
        (known_sha256(), "sha-512=10", true),
        (known_sha256(), "sha-256=0", false),
        (known_sha256(), "sha-256=0, sha-512=1", false),
        (known_sha512(), "sha-256=10", true),
        (known_sha512(), "sha-256=0", true),
        (known_sha512(), "sha-512=0", false),
    ];
    for (known, wanted, is_sent) in rows {
        let response = ask(&layer(), &Method::GET, Some(wanted), unread(known));
        assert_eq!(digest(&response).is_some(), is_sent, "{known:?} {wanted}");
        assert_eq!(vary(&response), Some("want-repr-digest"));
    }
}
