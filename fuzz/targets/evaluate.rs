//! The evaluation of conditions. It is total, and never returns a decision that the method, the
//! state or the headers cannot have.

#![no_main]

use http::{HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use tower_conditional::{
    Current, EntityTag, Validators,
    fuzzing::{ConditionalFields, Decision, TagMember, entity_tags, evaluate},
    outcome::Condition,
    validator::HttpDate,
};
use tower_conditional_fuzz::{fields, number};

const METHODS: [&str; 11] = [
    "GET", "HEAD", "QUERY", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "MOVE",
];

fuzz_target!(|data: &[u8]| {
    let [method, state, data @ ..] = data else {
        return;
    };
    let method =
        Method::from_bytes(METHODS[usize::from(*method) % METHODS.len()].as_bytes()).unwrap();
    let (now, data) = number(data);
    let now = HttpDate::from_unix_seconds(now.cast_signed());
    let (tag, data) = data.split_at(data.iter().position(|b| *b == b'\n').unwrap_or(0));
    let mut validators = Validators::new();
    if let Ok(tag) = HeaderValue::from_bytes(tag)
        .map_err(drop)
        .and_then(|tag| EntityTag::try_from(tag).map_err(drop))
    {
        validators = validators.with_etag(tag);
    }
    if state & 4 != 0 {
        validators = validators.with_last_modified(HttpDate::from_unix_seconds(784_111_777));
    }
    let current = match state % 4 {
        0 => Current::Unknown,
        1 => Current::Absent,
        _ => Current::Present(validators),
    };
    let headers = fields(
        &[
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            header::IF_UNMODIFIED_SINCE,
            header::IF_RANGE,
            header::RANGE,
        ],
        data,
    );

    let decide = || {
        evaluate(
            &ConditionalFields::from_headers(&headers),
            &method,
            &current,
            now,
        )
    };
    let decision = decide();
    assert_eq!(decision, decide());

    let reads = ["GET", "HEAD", "QUERY"].contains(&method.as_str());
    let selects = !["OPTIONS", "CONNECT", "TRACE"].contains(&method.as_str());
    let exists = matches!(current, Current::Present(_));
    let has = |name| headers.contains_key(name);
    let malformed = |name| {
        let lines: Vec<_> = headers.get_all(name).iter().collect();
        let star = matches!(*lines, [line] if line.as_bytes().trim_ascii() == b"*");
        let is_tag = |member| matches!(member, TagMember::Tag(_));
        !reads && !star && !entity_tags(lines).any(is_tag)
    };
    match decision {
        Decision::Proceed => {}
        Decision::NotModified => {
            assert!(reads && exists);
            assert!(has(header::IF_NONE_MATCH) || has(header::IF_MODIFIED_SINCE));
        }
        Decision::Failed(Condition::IfMatch) => {
            assert!(selects && has(header::IF_MATCH));
            assert!(!matches!(current, Current::Unknown) || malformed(header::IF_MATCH));
        }
        Decision::Failed(Condition::IfNoneMatch) => {
            assert!(selects && !reads && has(header::IF_NONE_MATCH));
            assert!(exists || malformed(header::IF_NONE_MATCH));
        }
        Decision::Failed(Condition::IfUnmodifiedSince) => {
            assert!(selects && exists && !has(header::IF_MATCH));
            assert!(has(header::IF_UNMODIFIED_SINCE));
        }
        Decision::Failed(_) => unreachable!("a condition without a rule"),
    }
});
