//! Digests from the content that is hashed for the tag.

use http::{
    HeaderName, Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG},
};

use super::{
    Act, EtagLayer, HELLO, ScriptedBody, answer, ask, digest, get, hello, layer, sha256, tag,
    tag_of, vary, with,
};
use crate::test_support::{content, read};

/// R-9530-3-a.
#[test]
fn a_get_and_its_head_have_the_digest_of_the_content() {
    for method in [Method::GET, Method::HEAD] {
        let response = ask(&layer(), &method, None, Response::new(hello()));
        assert_eq!(digest(&response), Some(HELLO), "{method}");
        assert_eq!(vary(&response), Some("want-repr-digest"), "{method}");
    }
    let response = answer(&layer(), Response::new(ScriptedBody::sized([])));
    assert_eq!(digest(&response), Some(sha256("").as_str()));
}

/// The frames, the waiting and the length of the content do not count, and the body is whole.
#[test]
fn the_digest_is_that_of_all_bytes() {
    let long = vec![7; 300 * 1024];
    for bytes in [&b"hello"[..], &long, &long[..64], &long[..128 * 1024 + 1]] {
        let expected = sha256(bytes);
        for portion in [1000, 64 * 1024, 512 * 1024] {
            let data = bytes.chunks(portion).map(Act::data);
            let waiting = data.clone().flat_map(|data| [Act::Wait, data]);
            for acts in [data.collect::<Vec<_>>(), waiting.collect()] {
                let response = answer(&layer(), Response::new(ScriptedBody::sized(acts)));
                assert_eq!(digest(&response), Some(expected.as_str()));
                assert_eq!(content(&read(response.into_body())), bytes);
            }
        }
    }
}

#[test]
fn trailers_do_not_count_and_stay() {
    let body = ScriptedBody::sized([Act::data("hello"), Act::trailers()]);
    let response = answer(&layer(), Response::new(body));
    assert_eq!(digest(&response), Some(HELLO));
    let acts = read(response.into_body());
    assert_eq!(acts, [Act::data("hello"), Act::trailers()]);
}

/// A tag is the same with and without digests.
#[test]
fn the_tag_does_not_depend_on_the_digest() {
    let typed = || with(CONTENT_TYPE, "text/plain");
    let of = |layer: &EtagLayer| tag_of(layer, typed());
    assert!(of(&layer()).strong_eq(&of(&EtagLayer::new())));
    let long = || {
        let parts = [[1; 90_000], [2; 90_000]].map(Act::data);
        Response::new(ScriptedBody::sized(parts))
    };
    assert!(tag_of(&layer(), long()).strong_eq(&tag_of(&EtagLayer::new(), long())));
}

/// The digest is that of the coded bytes, whatever the headers say.
#[test]
fn headers_do_not_count() {
    for (name, value) in [(CONTENT_TYPE, "text/html"), (CONTENT_ENCODING, "gzip")] {
        let response = answer(&layer(), with(name, value));
        assert_eq!(digest(&response), Some(HELLO));
    }
}

#[test]
fn without_the_setting_there_is_no_digest() {
    let response = ask(
        &EtagLayer::new(),
        &Method::GET,
        Some("sha-256=10"),
        Response::new(hello()),
    );
    assert_eq!((digest(&response), vary(&response)), (None, None));
}

/// R-9530-3-a: the digest of a part, of a stream or of a broken body would be wrong.
#[test]
fn a_response_whose_content_is_not_hashed_has_no_digest() {
    let too_long = [Act::data(vec![0; 2 * 1024 * 1024])];
    let responses = [
        with(CONTENT_RANGE, "bytes 0-4/10"),
        with(CONTENT_TYPE, "text/event-stream"),
        with(CACHE_CONTROL, "no-store"),
        with(ETAG, "\"v1\""),
        Response::new(ScriptedBody::unsized_([Act::data("hello")])),
        Response::new(ScriptedBody::sized(too_long)),
        Response::new(ScriptedBody::sized([Act::data("he"), Act::Error])),
    ];
    for (at, response) in responses.into_iter().enumerate() {
        let response = answer(&layer(), response);
        assert_eq!((digest(&response), vary(&response)), (None, None), "{at}");
    }
    for status in [201, 204, 206, 304, 400, 404, 412, 500] {
        let mut response = Response::new(hello());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let response = answer(&layer(), response);
        assert_eq!(digest(&response), None, "{status}");
    }
}

/// R-9530-3.1-a: the layer knows nothing of what a write encloses.
#[test]
fn the_response_to_a_write_has_no_digest() {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let response = ask(&layer(), &method, None, Response::new(hello()));
        assert_eq!(digest(&response), None, "{method}");
    }
}

#[test]
fn the_digest_of_the_handler_wins() {
    const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
    for own in ["sha-512=:AAAA:", ""] {
        let mut response = Some(with(REPR_DIGEST, own));
        let response = get(&layer(), |_| response.take().unwrap());
        assert_eq!(digest(&response), Some(own));
        assert_eq!(vary(&response), None);
        assert!(tag(&response).is_some());
    }
}

/// A `HEAD` without content has the `Vary` of the `GET` (RFC 9110, section 9.3.2).
#[test]
fn a_head_without_content_varies_as_the_get() {
    let empty = || Response::new(ScriptedBody::sized([]));
    let response = ask(&layer(), &Method::HEAD, None, empty());
    assert_eq!(digest(&response), None);
    assert_eq!(vary(&response), Some("want-repr-digest"));

    let mut own = with(HeaderName::from_static("repr-digest"), "sha-256=:AAAA:");
    *own.body_mut() = ScriptedBody::sized([]);
    assert_eq!(vary(&ask(&layer(), &Method::HEAD, None, own)), None);
}
