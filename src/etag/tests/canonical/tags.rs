//! The tags of JSON, and of content that is none.

use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG},
};
use http_body::SizeHint;

use super::{
    Answer, ONE_ORDER, OTHER_ORDER, get, gzipped, json, layer, origin, tag, tag_of, typed,
};
use crate::{
    EtagLayer,
    etag::ContentDigest,
    outcome::{NotCanonical, TagOrigin},
    semantics::validator::UntaggedReason,
    test_support::{Act, ScriptedBody},
};

fn answer(response: Response<ScriptedBody>) -> Answer {
    let mut response = Some(response);
    get(&layer(), |_| response.take().expect("one request"))
}

/// R-8785-3-a, R-9110-8.8.3-c.
#[test]
fn one_value_has_one_weak_tag() {
    let [one, other] = [ONE_ORDER, OTHER_ORDER].map(|content| tag_of(&layer(), json(content)));
    assert!(one.is_weak());
    assert!(one.weak_eq(&other));
    let strong = [ONE_ORDER, OTHER_ORDER].map(|text| tag_of(&EtagLayer::new(), json(text)));
    assert!(!strong[0].weak_eq(&strong[1]));
    assert!(!strong.iter().any(|strong| strong.weak_eq(&one)));
}

/// R-9110-8.8.1-e.
#[test]
fn another_value_has_another_tag() {
    let tags: Vec<_> = [
        ONE_ORDER,
        r#"{"b": [2.50, 1], "a": "\u00e4"}"#,
        r#"{"b": ["1", 2.50], "a": "\u00e4"}"#,
        r#"{"b": [1, 2.51], "a": "\u00e4"}"#,
        r#"{"B": [1, 2.50], "a": "\u00e4"}"#,
        r#"{"b": [1, 2.50], "a": "\u00e4", "c": null}"#,
        r#"{"b": [1, 2.50]}"#,
        // Integers that RFC 8785 would round to one number.
        "[9007199254740992]",
        "[9007199254740993]",
        "[9007199254740992.0]",
    ]
    .map(|content| tag_of(&layer(), json(content)))
    .into();
    for (at, one) in tags.iter().enumerate() {
        assert!(tags[..at].iter().all(|other| !one.weak_eq(other)), "{at}");
    }
}

/// R-9110-8.8.1-d: the media type, the language, the build and the key count as they do for bytes.
#[test]
fn everything_else_still_counts() {
    let plain = tag_of(&layer(), json(ONE_ORDER));
    let mut german = json(ONE_ORDER);
    let de = HeaderValue::from_static("de");
    german.headers_mut().insert(CONTENT_LANGUAGE, de);
    let problem = typed("application/problem+json", [Act::data(ONE_ORDER)]);
    let others = [
        tag_of(&layer(), german),
        tag_of(&layer(), problem),
        tag_of(&layer().build_id("7"), json(ONE_ORDER)),
        tag_of(&layer().keyed([7; 16]).unwrap(), json(ONE_ORDER)),
        tag_of(&layer().contributors([]), json(ONE_ORDER)),
    ];
    assert!(others.iter().all(|other| !plain.weak_eq(other)));
    let by_content = || layer().contributors([]).keyed([7; 16]).unwrap();
    let problem = typed("application/problem+json", [Act::data(OTHER_ORDER)]);
    assert!(tag_of(&by_content(), problem).weak_eq(&tag_of(&by_content(), json(ONE_ORDER))));
}

/// Content that is refused has a weak tag from its bytes, and the reason is recorded.
#[test]
fn json_without_a_form_is_tagged_by_its_bytes() {
    let refused = [
        (
            r#"{"a":1,"\u0061":2}"#,
            NotCanonical::DuplicateName { at: 7 },
        ),
        ("[9007199254740993]", NotCanonical::Integer { at: 1 }),
        ("\u{feff}{}", NotCanonical::ByteOrderMark),
        ("{} {}", NotCanonical::TrailingData { at: 3 }),
        ("", NotCanonical::Syntax { at: 0 }),
    ];
    for (content, reason) in refused {
        let response = answer(json(content));
        let bytes = content.len() as u64;
        assert_eq!(
            origin(&response),
            Some(TagOrigin::NotCanonical { bytes, reason }),
            "{content}"
        );
        let by_form = tag(&response).expect("a tag");
        assert!(by_form.is_weak());
        let by_bytes = tag_of(&EtagLayer::new(), json(content));
        assert!(!by_form.weak_eq(&by_bytes), "a domain of its own");
        let respaced = format!("{content} ");
        assert!(
            !by_form.weak_eq(&tag_of(&layer(), json(&respaced))),
            "{content}"
        );
    }
}

/// A text that is its own form has not the tag of refused content with the same bytes.
#[test]
fn a_form_and_refused_bytes_have_different_tags() {
    let form = tag_of(&layer(), json("{}"));
    // Content with a form at one depth, and none at 129 levels.
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    let refused = tag_of(&layer(), json(&deep));
    let accepted = tag_of(&layer(), json(&deep[1..deep.len() - 1]));
    assert!(!refused.weak_eq(&accepted) && !refused.weak_eq(&form));
    let length = answer(json(OTHER_ORDER));
    let bytes = OTHER_ORDER.len() as u64;
    assert_eq!(origin(&length), Some(TagOrigin::CanonicalJson(bytes)));
}

/// Other content is tagged as without the setting, or not at all.
#[test]
fn other_content_is_as_before() {
    let unchanged = [
        typed("text/html", [Act::data(ONE_ORDER)]),
        typed("application/x-ndjson", [Act::data("{}\n{}\n")]),
        typed("application/jsonl", [Act::data("{}\n")]),
        typed("application/json-seq", [Act::data("\u{1e}{}\n")]),
        typed("application/stream+json", [Act::data("{}\n")]),
        gzipped(ONE_ORDER),
        Response::new(ScriptedBody::sized([Act::data(ONE_ORDER)])),
    ];
    let plain = EtagLayer::new();
    for response in unchanged {
        let content_type = response.headers().get(CONTENT_TYPE).cloned();
        let mut again = Response::new(ScriptedBody::sized(acts(&response)));
        *again.headers_mut() = response.headers().clone();
        let canonical = tag_of(&layer(), response);
        assert!(!canonical.is_weak(), "{content_type:?}");
        assert!(
            canonical.strong_eq(&tag_of(&plain, again)),
            "{content_type:?}"
        );
    }
}

/// Returns the steps of a body that no one has read.
fn acts(response: &Response<ScriptedBody>) -> Vec<Act> {
    response.body().acts().cloned().collect()
}

/// R-9110-8.8-a: the tag and the digest of a handler win. Streams, parts and long content have none.
#[test]
fn the_rules_for_untagged_responses_hold() {
    let mut tagged = json(ONE_ORDER);
    let own = HeaderValue::from_static("\"own\"");
    tagged.headers_mut().insert(ETAG, own.clone());
    assert_eq!(answer(tagged).headers()[ETAG], own);
    let mut known = json(ONE_ORDER);
    known.extensions_mut().insert(ContentDigest::new([1; 16]));
    let response = answer(known);
    assert_eq!(origin(&response), Some(TagOrigin::KnownDigest));
    assert!(!tag(&response).expect("a tag").is_weak());

    let stream = json(ONE_ORDER).map(|body| body.with_hint(SizeHint::new()));
    let mut no_store = json(ONE_ORDER);
    let value = HeaderValue::from_static("no-store");
    no_store.headers_mut().insert(CACHE_CONTROL, value);
    for (response, reason) in [
        (stream, UntaggedReason::UnknownLength),
        (no_store, UntaggedReason::NoStore),
        (json(vec![b' '; (1 << 20) + 1]), UntaggedReason::TooLong),
    ] {
        let response = answer(response);
        assert_eq!(origin(&response), Some(TagOrigin::Untouched(reason)));
        assert!(tag(&response).is_none());
    }
}
