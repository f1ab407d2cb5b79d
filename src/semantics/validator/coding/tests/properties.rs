//! Properties of suffixes that hold for any tag.

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_MATCH, IF_NONE_MATCH},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::semantics::{
    proptests::strategies::{lines, opaque, tag, value},
    validator::{EntityTag, coding::TagCodings, entity_tags, tests::tags_in},
};

const NAMES: [&str; 3] = ["zstd", "br", "gzip"];

fn codings() -> TagCodings {
    TagCodings::new(NAMES).expect("tokens")
}

/// Generates tags, some of which end like a coding.
fn any_tag() -> impl Strategy<Value = EntityTag> {
    let ends = select(vec!["", "", "-gzip", "-br", "-gzip-br", "gzip"]);
    prop_oneof![
        tag(),
        (opaque(), ends).prop_map(|(opaque, end)| {
            EntityTag::strong([&opaque, end.as_bytes()].concat()).expect("legal bytes")
        }),
    ]
}

fn sequence() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(NAMES.as_slice()), 0..3)
}

/// Returns the tag of a 200 whose content has these codings.
fn outside(tag: &EntityTag, sequence: &[&str]) -> EntityTag {
    let mut headers = HeaderMap::new();
    headers.insert(ETAG, tag.as_header_value().clone());
    if !sequence.is_empty() {
        let coded = sequence.join(", ").parse().expect("a value");
        headers.insert(CONTENT_ENCODING, coded);
    }
    let asked = codings().decode(&Method::GET, &mut HeaderMap::new());
    codings().encode(StatusCode::OK, &mut headers, &asked);
    EntityTag::try_from(&headers[ETAG]).expect("a tag")
}

fn looks_coded(tag: &EntityTag) -> bool {
    ["-zstd", "-br", "-gzip"]
        .iter()
        .any(|end| tag.opaque().ends_with(end.as_bytes()))
}

proptest! {
    /// R-9110-8.8.1-c: two codings never have the same strong tag.
    #[test]
    fn two_codings_never_share_a_strong_tag(
        tag in any_tag(),
        [one, other] in [sequence(), sequence()],
    ) {
        let [a, b] = [&one, &other].map(|sequence| outside(&tag, sequence));
        prop_assert_eq!(a.strong_eq(&b), one == other && !a.is_weak());
    }

    /// R-9110-13.1.1-d: `decode` undoes `encode` for a tag without a suffix.
    #[test]
    fn a_write_sees_the_tag_of_the_handler(tag in tag(), sequence in sequence()) {
        prop_assume!(!looks_coded(&tag));
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, outside(&tag, &sequence).into());
        codings().decode(&Method::PUT, &mut headers);
        prop_assert_eq!(&headers[IF_MATCH], tag.as_header_value());
    }

    /// R-9110-13.1.2-e: a 304 has the tag that the read named, and not that of another variant.
    #[test]
    fn a_read_gets_back_the_tag_that_it_named(
        tag in any_tag(),
        coding in select(NAMES.as_slice()),
        accepted in select(vec!["gzip", "br", "zstd", "gzip, br", "*", "identity", "*;q=0.1, br;q=0"]),
    ) {
        let own = outside(&tag, &[coding]);
        let mut request = HeaderMap::new();
        request.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        request.insert(IF_NONE_MATCH, own.as_header_value().clone());
        let asked = codings().decode(&Method::GET, &mut request);
        let inside: Vec<_> = tags_in(&[request[IF_NONE_MATCH].clone()]);
        let matches = inside.iter().any(|(_, opaque)| opaque == tag.opaque());
        let takes = match accepted {
            "*" => true,
            "*;q=0.1, br;q=0" => coding != "br",
            _ => accepted.contains(coding),
        };
        if !tag.is_weak() {
            prop_assert!(takes || !matches);
            prop_assert!(matches || !takes || looks_coded(&tag));
        }
        if matches {
            let mut response = HeaderMap::new();
            response.insert(ETAG, tag.as_header_value().clone());
            codings().encode(StatusCode::NOT_MODIFIED, &mut response, &asked);
            prop_assert_eq!(&response[ETAG], own.as_header_value());
        }
    }

    /// R-9110-13.1.2-d: no input panics, and nothing malformed becomes a tag.
    #[test]
    fn any_request_is_mapped(
        lines in lines(),
        accepted in value(),
        method in select(vec![Method::GET, Method::PUT]),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, accepted);
        for line in &lines {
            headers.append(IF_NONE_MATCH, line.clone());
        }
        let before = headers.clone();
        let asked = codings().decode(&method, &mut headers);
        let after: Vec<_> = headers.get_all(IF_NONE_MATCH).into_iter().cloned().collect();
        prop_assert_eq!(after.len(), lines.len());
        prop_assert!(entity_tags(&after).count() <= 2 * entity_tags(&lines).count());
        let malformed = |lines: &[HeaderValue]| entity_tags(lines).count() - tags_in(lines).len();
        prop_assert_eq!(malformed(&after), malformed(&lines));
        if tags_in(&lines).is_empty() {
            prop_assert_eq!(&headers, &before);
        }
        for status in [StatusCode::OK, StatusCode::NOT_MODIFIED] {
            let mut response = headers.clone();
            response.insert(ETAG, HeaderValue::from_static("\"a\""));
            codings().encode(status, &mut response, &asked);
            prop_assert!(EntityTag::try_from(&response[ETAG]).is_ok());
        }
    }
}
