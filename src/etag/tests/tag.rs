//! The input of a tag.

use std::slice::from_ref;

use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, DATE},
};

use super::{get, hello, tag, tag_of, with};
use crate::{
    EtagLayer,
    etag::ContentDigest,
    outcome::{Outcome, TagOrigin},
    test_support::{Act, ScriptedBody, read},
};

/// R-9110-8.8.1-a: the same bytes give the same tag in every process. The value was
/// recorded once.
#[test]
fn a_tag_is_a_function_of_the_content() {
    let layer = EtagLayer::new();
    let tag = tag_of(&layer, Response::new(hello()));
    assert_eq!(tag.to_string(), "\"NeNOTx-dmqDjOQM-ZFcyGw\"");
    assert!(!tag.is_weak());
    let other = ScriptedBody::sized([Act::data("hellp")]);
    assert!(!tag.weak_eq(&tag_of(&layer, Response::new(other))));
}

/// R-9110-8.8.1-a: a collision-resistant hash with 128 bits.
#[test]
fn a_tag_spells_128_bits() {
    let tag = tag_of(&EtagLayer::new(), Response::new(hello()));
    assert_eq!(tag.opaque().len(), 22);
}

/// R-9110-8.8.1-d.
#[test]
fn equal_bytes_with_another_meaning_get_another_tag() {
    let layer = EtagLayer::new();
    let responses = [
        Response::new(hello()),
        with(CONTENT_TYPE, "text/plain"),
        with(CONTENT_TYPE, "text/html"),
        with(CONTENT_LANGUAGE, "text/html"),
        with(CONTENT_ENCODING, "gzip"),
    ];
    let tags = responses.map(|response| tag_of(&layer, response));
    for (at, one) in tags.iter().enumerate() {
        assert!(tags[..at].iter().all(|other| !one.weak_eq(other)));
    }
    let ignores_type = EtagLayer::new().contributors([]);
    let plain = tag_of(&ignores_type, with(CONTENT_TYPE, "text/plain"));
    assert!(plain.strong_eq(&tag_of(&ignores_type, with(CONTENT_TYPE, "text/html"))));
}

/// R-9110-8.8.1-a: handlers add headers in any order, and some in another one each time.
#[test]
fn the_order_of_lines_counts_and_that_of_headers_does_not() {
    let of = |lines: &[(HeaderName, &'static str)]| {
        let mut response = Response::new(hello());
        for (name, value) in lines {
            let value = HeaderValue::from_static(value);
            response.headers_mut().append(name, value);
        }
        tag_of(&EtagLayer::new(), response)
    };
    let [html, german, french] = [
        (CONTENT_TYPE, "text/html"),
        (CONTENT_LANGUAGE, "de"),
        (CONTENT_LANGUAGE, "fr"),
    ];
    // A header that does not count changes nothing.
    let date = (DATE, "Fri, 20 Nov 2026 08:00:00 GMT");
    assert!(of(from_ref(&html)).strong_eq(&of(&[html.clone(), date.clone()])));
    assert!(of(&[date]).strong_eq(&of(&[])));
    let one = of(&[html.clone(), german.clone(), french.clone()]);
    assert!(one.strong_eq(&of(&[german.clone(), french.clone(), html.clone()])));
    assert!(!one.weak_eq(&of(&[html.clone(), french, german.clone()])));
    assert!(!one.weak_eq(&of(&[html, german])));
}

/// R-9110-8.8.1-d: the text of each line counts, and not only its length. Long lines do not
/// fit into the buffer for small inputs.
#[test]
fn lines_of_one_length_get_different_tags() {
    for length in [2, 40, 126, 128, 130, 300] {
        let first = format!("x{}", "-".repeat(length - 1));
        let last = format!("{}x", "-".repeat(length - 1));
        let neither = "-".repeat(length);
        let mut tags = Vec::new();
        for name in [CONTENT_TYPE, CONTENT_LANGUAGE, CONTENT_ENCODING] {
            for other in [2, 130] {
                for value in [&first, &last, &neither] {
                    let mut response = Response::new(hello());
                    let headers = response.headers_mut();
                    for unchanged in [CONTENT_TYPE, CONTENT_LANGUAGE, CONTENT_ENCODING] {
                        headers.insert(unchanged, "-".repeat(other).parse().unwrap());
                    }
                    headers.insert(&name, value.parse().unwrap());
                    tags.push(tag_of(&EtagLayer::new(), response).to_string());
                }
            }
        }
        // The unchanged head occurs once for each name.
        let all = tags.len();
        tags.sort();
        tags.dedup();
        let repeated = if length == 2 || length == 130 { 2 } else { 0 };
        assert_eq!(tags.len(), all - repeated, "{length}");
    }
    let german = tag_of(&EtagLayer::new(), with(CONTENT_LANGUAGE, "de"));
    let english = tag_of(&EtagLayer::new(), with(CONTENT_LANGUAGE, "en"));
    assert!(!german.weak_eq(&english));
}

/// The parts of the hash's input never run into each other.
#[test]
fn content_is_never_read_as_context() {
    let of = |id: &str, text: &str| {
        let layer = EtagLayer::new().build_id(id).contributors([]);
        tag_of(
            &layer,
            Response::new(ScriptedBody::sized([Act::data(text)])),
        )
    };
    assert!(!of("ab", "c").weak_eq(&of("a", "bc")));
    assert!(!of("", "abc").weak_eq(&of("a", "bc")));
    // Longer than the buffer for small inputs.
    let long = "x".repeat(1000);
    assert!(!of(&long, "c").weak_eq(&of(&long[1..], "xc")));
    assert!(of(&long, "c").strong_eq(&of(&long, "c")));
}

/// R-9110-8.8.3-c and R-9110-8.8.1-e: a weak tag changes with every byte, too. So content
/// that is no substitute never keeps it.
#[test]
fn weak_tags_are_marked() {
    let layer = EtagLayer::new().weak();
    let weak = tag_of(&layer, Response::new(hello()));
    assert!(weak.is_weak());
    assert!(weak.weak_eq(&tag_of(&EtagLayer::new(), Response::new(hello()))));
    let other = ScriptedBody::sized([Act::data("hellp")]);
    assert!(!weak.weak_eq(&tag_of(&layer, Response::new(other))));
}

#[test]
fn a_key_and_a_build_id_change_the_tag() {
    let plain = tag_of(&EtagLayer::new(), Response::new(hello()));
    let keyed = |secret: &str| {
        let layer = EtagLayer::new().keyed(secret.repeat(16)).unwrap();
        tag_of(&layer, Response::new(hello()))
    };
    assert!(!keyed("one").weak_eq(&plain));
    assert!(!keyed("one").weak_eq(&keyed("two")));
    assert!(keyed("one").strong_eq(&keyed("one")));
    let built = tag_of(&EtagLayer::new().build_id("7"), Response::new(hello()));
    assert!(!built.weak_eq(&plain));
}

/// R-9110-8.8-a: a known digest gives a tag even if the body is endless.
#[test]
fn a_known_digest_is_used_in_place_of_the_content() {
    let answer = |digest: u8| {
        let mut response = Response::new(ScriptedBody::unsized_([Act::data("a"), Act::data("b")]));
        let digest = ContentDigest::new([digest; 32]);
        response.extensions_mut().insert(digest);
        response
    };
    let layer = EtagLayer::new().max_body_bytes(1).explain();
    let response = get(&layer, |_| answer(1));
    assert_eq!(
        Outcome::of(&response).and_then(Outcome::tag),
        Some(TagOrigin::KnownDigest)
    );
    let one = tag(&response).unwrap();
    assert_eq!(read(response.into_body()), [Act::data("a"), Act::data("b")]);
    assert!(one.strong_eq(&tag_of(&layer, answer(1))));
    assert!(!one.weak_eq(&tag_of(&layer, answer(2))));

    let mut sent_as_content = Response::new(ScriptedBody::sized([Act::data([1; 32])]));
    *sent_as_content.status_mut() = StatusCode::OK;
    assert!(!one.weak_eq(&tag_of(&EtagLayer::new(), sent_as_content)));

    assert_eq!(ContentDigest::new([3; 16]).as_bytes(), [3; 16]);
    assert_eq!(ContentDigest::new([3; 64]).as_bytes(), [3; 64]);
}
