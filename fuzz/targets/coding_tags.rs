//! Tags between content codings: nothing panics, and each result is a tag.

#![no_main]

use http::{HeaderValue, Method, StatusCode, header};
use libfuzzer_sys::fuzz_target;
use tower_conditional::{
    EntityTag,
    fuzzing::{TagCodings, TagMember, entity_tags},
};
use tower_conditional_fuzz::fields;

fuzz_target!(|data: &[u8]| {
    let codings = TagCodings::new(["dcb", "dcz", "zstd", "br", "gzip", "deflate"])
        .unwrap()
        .tolerate([";gzip", "--gzip"])
        .unwrap();
    let (pick, data) = data.split_first().unwrap_or((&0, &[]));
    let before = fields(
        &[
            header::IF_NONE_MATCH,
            header::IF_MATCH,
            header::ACCEPT_ENCODING,
            header::HeaderName::from_static("available-dictionary"),
            header::IF_RANGE,
            header::RANGE,
            header::ETAG,
            header::CONTENT_ENCODING,
            header::VARY,
        ],
        data,
    );
    let method = [Method::GET, Method::PUT][usize::from(pick & 1)].clone();
    let status = [StatusCode::OK, StatusCode::NOT_MODIFIED][usize::from(pick >> 1 & 1)];

    let mut after = before.clone();
    let asked = codings.decode(&method, &mut after);
    // `Range` is removed if `If-Range` has no tag.
    for name in before.keys().filter(|name| **name != header::RANGE) {
        assert_eq!(
            before.get_all(name).iter().count(),
            after.get_all(name).iter().count()
        );
        if ![header::IF_NONE_MATCH, header::IF_MATCH].contains(name) {
            assert!(before.get_all(name) == after.get_all(name), "{name}");
        }
        let malformed = |line: &HeaderValue| {
            let members = entity_tags([line]);
            members
                .filter(|member| matches!(member, TagMember::Malformed(_)))
                .count()
        };
        for (sent, seen) in before.get_all(name).iter().zip(after.get_all(name)) {
            assert_eq!(malformed(sent), malformed(seen));
        }
    }

    let mut response = before.clone();
    codings.encode(status, &mut response, &asked);
    let tagged = |headers: &http::HeaderMap| {
        let mut tags = headers.get_all(header::ETAG).iter();
        tags.next()
            .is_some_and(|tag| tags.next().is_none() && EntityTag::try_from(tag).is_ok())
    };
    assert_eq!(tagged(&response), tagged(&before));
    if !tagged(&before) {
        let mut expected = before;
        // A 304 has the header without a validator too.
        if status == StatusCode::NOT_MODIFIED {
            response.remove(header::VARY);
            expected.remove(header::VARY);
        }
        assert_eq!(response, expected);
    }
});
