//! Properties of the evaluation that hold for any input.

use http::{
    HeaderMap, HeaderValue, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::semantics::{
    condition::{Condition, ConditionalFields, Current, Decision},
    field::HttpDate,
    proptests::strategies::{current, tag, value},
    validator::{TagMember, entity_tags},
};

proptest! {
    /// R-9110-13.2.2-a, R-9110-13.2.1-a: each request has a decision that fits its method, its
    /// headers and the state.
    #[test]
    fn every_request_has_a_fitting_decision(
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
                // A malformed condition is false in every state.
                let lines = headers.get_all(condition.as_str());
                let is_tag = |member| matches!(member, TagMember::Tag(_));
                let malformed = !reads && !entity_tags(lines).any(is_tag);
                prop_assert!(known || malformed);
                prop_assert!(exists || malformed || condition == Condition::IfMatch);
                prop_assert!(!reads || condition != Condition::IfNoneMatch);
            }
        }
    }

    /// Issue 12: the fast path for one tag in one line decides like the general one.
    #[test]
    fn the_fast_path_decides_like_the_general_one(
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
        let headers = HeaderMap::from_iter([(field, line)]);
        let conditions = ConditionalFields::from_headers(&headers).with_weak_if_match(weakly);
        let method: Method = method.parse().expect("a method");
        let now = || HttpDate::from_unix_seconds(0);
        prop_assert_eq!(
            conditions.evaluate(&method, current.as_ref(), now),
            conditions.evaluate_all(&method, current.as_ref(), now)
        );
    }
}
