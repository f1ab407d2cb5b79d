//! Digests beside tags from the canonical form of JSON.

use http::{HeaderValue, Method, Response, header::CONTENT_TYPE};

use super::{Act, EtagLayer, ScriptedBody, ask, digest, layer, sha256, sha512, tag, vary};
use crate::test_support::{content, read};

fn json(acts: impl IntoIterator<Item = Act>) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized(acts));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// The tag is that of the value, and the digest that of the bytes.
#[test]
fn the_digest_is_that_of_the_bytes_and_not_of_the_form() {
    let layer = layer().canonical_json();
    let orders = [
        "{\"a\":1,\"b\":2}",
        "{\"b\": 2.0, \"a\": 1}",
        "{\"a\":1,\"a\":2}",
    ];
    let of = |text: &str, wanted| ask(&layer, &Method::GET, wanted, json([Act::data(text)]));
    for text in orders {
        let response = of(text, None);
        assert_eq!(digest(&response), Some(sha256(text).as_str()));
        assert_eq!(vary(&response), Some("want-repr-digest"));
        assert!(tag(&response).unwrap().is_weak());
        let response = of(text, Some("sha-512=1"));
        assert_eq!(digest(&response), Some(sha512(text).as_str()));
        assert_eq!(digest(&of(text, Some("sha-256=0"))), None);
    }
    let [one, other] = [orders[0], orders[1]].map(|text| tag(&of(text, None)).unwrap());
    assert!(one.weak_eq(&other));
}

/// Long content is read in steps, and its tag is the same with and without a digest.
#[test]
fn long_content_is_hashed_in_steps() {
    let long = format!("[{}0]", "1.0, ".repeat(60 * 1024));
    let plain = EtagLayer::new().canonical_json();
    let without = ask(&plain, &Method::GET, None, json([Act::data(&long)]));
    let layer = layer().canonical_json();
    for (wanted, expected) in [(None, sha256(&long)), (Some("sha-512=1"), sha512(&long))] {
        for portion in [5000, 1024 * 1024] {
            let acts = long.as_bytes().chunks(portion);
            let acts = acts.flat_map(|data| [Act::Wait, Act::data(data)]);
            let response = ask(&layer, &Method::GET, wanted, json(acts));
            assert_eq!(digest(&response), Some(expected.as_str()));
            let tags = [&response, &without].map(|response| tag(response).unwrap());
            assert!(tags[0].weak_eq(&tags[1]));
            assert_eq!(content(&read(response.into_body())), long.as_bytes());
        }
    }
}

/// Other types have the digest from the hash of their tag.
#[test]
fn content_that_is_no_json_has_its_digest() {
    let text = Response::new(ScriptedBody::sized([Act::data("hello")]));
    let response = ask(&layer().canonical_json(), &Method::GET, None, text);
    assert_eq!(digest(&response), Some(sha256("hello").as_str()));
    assert!(!tag(&response).unwrap().is_weak());
}
