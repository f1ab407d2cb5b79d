//! Property tests: rules that hold for any input.

mod coding;
pub(in crate::semantics) mod strategies;
mod version;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};
use proptest::{collection::vec, prelude::*, sample::select};

use self::strategies::{current, junk, lines, padding, separator, tag, value};
use super::{
    condition::{
        Condition, ConditionalFields, Current, Decision,
        not_modified::strip_representation_metadata,
    },
    field::HttpDate,
    validator::{EntityTag, TagMember, TagRef, entity_tags},
};

fn one_line(bytes: &[u8]) -> [HeaderValue; 1] {
    [HeaderValue::from_bytes(bytes).expect("a field value")]
}

fn text(tag: TagRef<'_>) -> (bool, Vec<u8>) {
    (tag.is_weak(), tag.opaque().to_vec())
}

fn found(lines: &[HeaderValue]) -> Vec<(bool, Vec<u8>)> {
    entity_tags(lines)
        .filter_map(|member| match member {
            TagMember::Tag(tag) => Some(text(tag)),
            TagMember::Malformed(_) => None,
        })
        .collect()
}

fn field(name: &HeaderName, lines: Vec<HeaderValue>) -> HeaderMap {
    lines
        .into_iter()
        .map(|line| (Some(name.clone()), line))
        .fold(HeaderMap::new(), |mut headers, (name, line)| {
            headers.append(name.expect("a name"), line);
            headers
        })
}

proptest! {
    /// R-9110-8.8.3-a.
    #[test]
    fn a_tag_reads_back(tag in tag()) {
        let value = tag.as_header_value();
        let read = TagRef::parse(value.as_bytes()).map(text);
        prop_assert_eq!(read, Some(text(tag.as_ref())));
        let owned = EntityTag::try_from(value).expect("a tag");
        prop_assert_eq!(owned.as_header_value(), value);
        prop_assert!(owned.weak_eq(&tag));
        prop_assert_eq!(owned.strong_eq(&tag), !tag.is_weak());
    }

    /// R-9110-8.8.3-b.
    #[test]
    fn a_tag_of_a_digest_reads_back(digest in vec(any::<u8>(), 0..100)) {
        for tag in [EntityTag::from_digest(&digest), EntityTag::weak_from_digest(&digest)] {
            let value = tag.as_header_value().as_bytes();
            prop_assert!(TagRef::parse(value).is_some());
            prop_assert!(!value.contains(&b'\\'));
        }
    }

    /// R-9110-5.6.1.2-a: white space, empty members and lines make no
    /// difference.
    #[test]
    fn a_list_is_split_into_what_it_was_made_of(
        list in vec(vec((tag(), separator()), 0..6), 0..4),
        start in padding(),
    ) {
        let lines: Vec<HeaderValue> = list
            .iter()
            .map(|line| {
                let mut bytes = start.clone();
                for (tag, separator) in line {
                    bytes.extend_from_slice(tag.as_header_value().as_bytes());
                    bytes.extend_from_slice(separator);
                }
                HeaderValue::from_bytes(&bytes).expect("a field value")
            })
            .collect();
        let made_of: Vec<_> = list.iter().flatten().map(|(tag, _)| text(tag.as_ref())).collect();
        prop_assert_eq!(entity_tags(&lines).count(), made_of.len());
        prop_assert_eq!(found(&lines), made_of);
    }

    /// R-9110-13.1.2-d.
    #[test]
    fn junk_does_not_touch_its_neighbours(before in tag(), junk in junk(), after in tag()) {
        let [before_text, after_text] =
            [&before, &after].map(|tag| tag.as_header_value().as_bytes());
        let line = one_line(&[before_text, b",", &junk, b", ", after_text].concat());
        prop_assert_eq!(found(&line), [text(before.as_ref()), text(after.as_ref())]);
        prop_assert_eq!(entity_tags(&line).count(), 3);
    }

    /// R-9110-13.1.2-d: whatever is wrong in a line stays in it.
    #[test]
    fn a_line_does_not_touch_the_next(junk in value(), tag in tag()) {
        let alone = found(std::slice::from_ref(&junk));
        let both = found(&[junk, tag.as_header_value().clone()]);
        prop_assert_eq!(both, [alone, vec![text(tag.as_ref())]].concat());
    }

    #[test]
    fn malformed_tags_are_trimmed_and_not_empty(lines in lines()) {
        let is_ows = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
        for member in entity_tags(&lines) {
            if let TagMember::Malformed(junk) = member {
                prop_assert!(!junk.is_empty());
                prop_assert!(!is_ows(junk.first()) && !is_ows(junk.last()));
            }
        }
    }

    /// R-9110-13.2.2-a, R-9110-13.2.1-a: total, and no answer that the method,
    /// the state and the fields cannot give.
    #[test]
    fn every_request_has_an_answer(
        method in select(vec!["GET", "HEAD", "QUERY", "REPORT", "POST", "PUT", "OPTIONS", "CONNECT", "TRACE", "FOO"]),
        fields in vec((0..4_usize, value()), 0..6),
        current in current(),
        now: i64,
    ) {
        let names = [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];
        let mut headers = HeaderMap::new();
        for (pick, value) in fields {
            headers.append(&names[pick], value);
        }
        let conditions = ConditionalFields::from_headers(&headers);
        prop_assert_eq!(conditions.is_empty(), headers.is_empty());
        let now = HttpDate::from_unix_seconds(now);
        let reads = ["GET", "HEAD", "QUERY"].contains(&method);
        let method: Method = method.parse().expect("a method");
        let selects = ![Method::OPTIONS, Method::CONNECT, Method::TRACE].contains(&method);
        let known = !matches!(current, Current::Unknown);
        let exists = matches!(current, Current::Present(_));
        match conditions.evaluate(&method, current.as_ref(), || now) {
            Decision::Proceed => {}
            Decision::NotModified => {
                let asked = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
                prop_assert!(reads && exists && asked);
            }
            Decision::Failed(condition) => {
                prop_assert!(selects && headers.contains_key(condition.as_str()));
                // A guard that cannot be read is false whatever the state is.
                let lines = headers.get_all(condition.as_str());
                let is_tag = |member| matches!(member, TagMember::Tag(_));
                let malformed = !reads && !entity_tags(lines).any(is_tag);
                prop_assert!(known || malformed);
                prop_assert!(exists || malformed || condition == Condition::IfMatch);
                prop_assert!(!reads || condition != Condition::IfNoneMatch);
            }
        }
    }

    /// Issue 12: the way for one tag in one line decides as the way for all requests.
    #[test]
    fn one_tag_is_compared_as_every_list(
        method in select(vec!["GET", "HEAD", "QUERY", "REPORT", "POST", "PUT", "FOO"]),
        field in select(vec![IF_MATCH, IF_NONE_MATCH]),
        line in prop_oneof![4 => tag().prop_map(HeaderValue::from), 1 => value()],
        current in current(),
        is_current in any::<[bool; 2]>(),
        weakly: bool,
    ) {
        let mut line = line;
        let etag = current.validators().and_then(|validators| validators.etag.clone());
        if let (Some(etag), [true, weakened]) = (etag, is_current) {
            line = if weakened { etag.into_weak() } else { etag }.into();
        }
        let headers = self::field(&field, vec![line]);
        let conditions = ConditionalFields::from_headers(&headers).with_weak_if_match(weakly);
        let method: Method = method.parse().expect("a method");
        let now = || HttpDate::from_unix_seconds(0);
        prop_assert_eq!(
            conditions.evaluate(&method, current.as_ref(), now),
            conditions.evaluate_all(&method, current.as_ref(), now)
        );
    }

    /// R-9110-15.4.5-a, R-9110-15.4.5-c.
    #[test]
    fn stripping_takes_whole_fields_and_only_once(
        fields in vec((select(vec!["etag", "last-modified", "content-type", "set-cookie", "x-a"]), value()), 0..8),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        let before = headers.clone();
        strip_representation_metadata(&mut headers);
        for name in ["etag", "set-cookie", "x-a"] {
            prop_assert!(headers.get_all(name) == before.get_all(name));
        }
        prop_assert!(!headers.contains_key("content-type"));
        let once = headers.clone();
        strip_representation_metadata(&mut headers);
        prop_assert_eq!(headers, once);
    }
}
