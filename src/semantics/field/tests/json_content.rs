use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use crate::semantics::field::is_json_content;

fn typed(content_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))])
}

/// R-8785-3-a.
#[test]
fn one_json_text_is_recognized() {
    for content_type in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json ;x=y",
        "application/problem+json",
        "application/vnd.api+JSON; ext=\"a\"",
        "application/ld+json;profile=p",
    ] {
        assert!(is_json_content(&typed(content_type)), "{content_type}");
    }
}

/// R-8785-3-a: sequences of texts, and types that only look like JSON.
#[test]
fn other_content_is_not_json() {
    for content_type in [
        "",
        "json",
        "+json",
        "text/html",
        "text/json",
        "text/x+json",
        "model/gltf+json",
        "audio/json",
        "application/",
        "application/son",
        "application/xjson",
        "application/jsonl",
        "application/json5",
        "application/x-ndjson",
        "application/json-seq",
        "application/geo+json-seq",
        "application/stream+json",
        "application/Stream+JSON;charset=utf-8",
        "application/xml; a=application/json",
        "application/xml;+json",
    ] {
        assert!(!is_json_content(&typed(content_type)), "{content_type}");
    }
    assert!(!is_json_content(&HeaderMap::new()));
}

#[test]
fn coded_content_and_two_types_are_not_json() {
    for coding in ["gzip", "identity", ""] {
        let mut headers = typed("application/json");
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        assert!(!is_json_content(&headers), "{coding}");
    }
    let mut headers = typed("application/json");
    headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    assert!(!is_json_content(&headers));
}
