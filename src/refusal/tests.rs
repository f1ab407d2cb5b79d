use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER},
};

use super::*;

const REASONS: [Reason; 18] = [
    Reason::PreconditionFailed(Condition::IfMatch),
    Reason::PreconditionFailed(Condition::IfNoneMatch),
    Reason::PreconditionFailed(Condition::IfUnmodifiedSince),
    Reason::PreconditionMalformed(Condition::IfMatch),
    Reason::PreconditionMalformed(Condition::IfNoneMatch),
    Reason::PreconditionMalformed(Condition::IfUnmodifiedSince),
    Reason::Superseded,
    Reason::Unknown,
    Reason::Conflict,
    Reason::PreconditionRequired,
    Reason::Absent,
    Reason::SourceUnavailable,
    Reason::Busy,
    Reason::Unchecked,
    Reason::TimedOut,
    Reason::DigestDiffers,
    Reason::DigestMalformed,
    Reason::DigestRequired,
];

fn problem(refusal: &Refusal) -> serde_json::Value {
    let (content_type, body) = ProblemJson.render(refusal);
    assert_eq!(content_type, "application/problem+json");
    serde_json::from_slice(&body).unwrap()
}

/// R-9457-3-a, R-9457-3.1.2-a, R-9457-4-a: a problem has the URI of its type, its status, and only
/// members of the standard.
#[test]
fn problems_are_well_formed() {
    for reason in REASONS {
        let refusal = Refusal::new(reason);
        let problem = problem(&refusal);
        let mut members: Vec<_> = problem.as_object().unwrap().keys().collect();
        // A feature of `serde_json` keeps the order of the text.
        members.sort();
        assert_eq!(members, ["detail", "status", "title", "type"]);
        assert_eq!(problem["status"], refusal.status().as_u16());
        assert_eq!(problem["title"], refusal.title());
        assert_eq!(problem["detail"], refusal.detail());
        let uri: http::Uri = problem["type"].as_str().unwrap().parse().unwrap();
        assert_eq!(uri.scheme_str(), Some("https"));
        if let Some(condition) = refusal.condition() {
            assert!(refusal.detail().contains(condition.as_str()));
        }
    }
}

/// R-6585-3-a: the detail names the header to send, and its value.
#[test]
fn a_required_condition_is_named() {
    let detail = Refusal::new(Reason::PreconditionRequired).detail();
    assert!(detail.contains("If-Match") && detail.contains("If-None-Match: *"));
}

/// R-6585-3-a: a method that creates nothing is not told to create.
#[test]
fn no_creation_is_recommended_in_vain() {
    let none_match = Condition::IfNoneMatch;
    for reason in REASONS {
        let refusal = Refusal::new(reason).with_creates(false);
        assert!(!refusal.detail().contains("create"), "{reason:?}");
        assert_eq!(refusal.status(), reason.status());
        assert_eq!(problem(&refusal)["detail"], refusal.detail());
        if reason == Reason::PreconditionRequired {
            assert!(refusal.detail().contains("If-Match"));
        }
    }
    let creates = Refusal::new(Reason::PreconditionMalformed(none_match));
    assert!(creates.detail().contains("create"));
}

/// R-9457-4-a: a problem has the expected tags and the current one, with any bytes.
#[test]
fn problems_have_the_tags() {
    let mut headers = HeaderMap::new();
    for line in [&b"\"v1\", W/\"v,2\""[..], b"\"a\\b\xff\""] {
        headers.append(IF_MATCH, HeaderValue::from_bytes(line).unwrap());
    }
    let fields = ConditionalFields::from_headers(&headers);
    let refusal = Refusal::new(Reason::PreconditionFailed(Condition::IfMatch))
        .with_expected(&fields)
        .with_current(TagRef::parse(b"\"v3\""));
    let problem = problem(&refusal);
    let expected = serde_json::json!(["\"v1\"", "W/\"v,2\"", "\"a\\b\u{fffd}\""]);
    assert_eq!(problem["expected"], expected);
    assert_eq!(problem["current"], "\"v3\"");
}

/// Issue 12: tags are checked eight bytes at a time, so each byte is tried at each position.
#[test]
fn tags_with_any_byte_are_valid_json() {
    let bytes = (b'!'..=0xff).filter(|byte| !matches!(byte, b'"' | 0x7f));
    for (byte, length, at) in bytes.flat_map(|byte| {
        (1..18).flat_map(move |length| (0..length).map(move |at| (byte, length, at)))
    }) {
        let mut line = vec![b'x'; length + 2];
        (line[0], line[at + 1], line[length + 1]) = (b'"', byte, b'"');
        let mut headers = HeaderMap::new();
        headers.append(IF_MATCH, HeaderValue::from_bytes(&line).unwrap());
        let fields = ConditionalFields::from_headers(&headers);
        let refusal = Refusal::new(Reason::PreconditionFailed(Condition::IfMatch))
            .with_expected(&fields)
            .with_current(TagRef::parse(&line));
        let problem = problem(&refusal);
        let text = String::from_utf8_lossy(&line);
        assert_eq!(problem["expected"], serde_json::json!([text]));
        assert_eq!(problem["current"], *text);
    }
}

/// Issue 12: the tags of a true `If-Match` say nothing about another condition.
#[test]
fn only_a_false_if_match_has_expected_tags() {
    let mut headers = HeaderMap::new();
    headers.insert(IF_MATCH, HeaderValue::from_static("\"v1\""));
    headers.insert(IF_NONE_MATCH, HeaderValue::from_static("\"v1\""));
    let fields = ConditionalFields::from_headers(&headers);
    for (condition, tags) in [(Condition::IfMatch, 1), (Condition::IfNoneMatch, 0)] {
        let refusal = Refusal::of_condition(condition, &fields);
        assert_eq!(refusal.reason(), Reason::PreconditionFailed(condition));
        assert_eq!(refusal.expected().len(), tags);
    }
}

#[test]
fn clients_without_json_get_text() {
    let refusal = Refusal::new(Reason::Conflict).with_accepts_json(false);
    let (content_type, text) = ProblemJson.render(&refusal);
    assert_eq!(content_type, "text/plain; charset=utf-8");
    assert_eq!(text, refusal.detail());
}

/// R-9110-15.5.10-a: only temporary refusals have `Retry-After`, and none may be stored.
#[test]
fn only_temporary_refusals_have_retry_after() {
    for reason in REASONS {
        let response = Renderer::default().respond(&Refusal::new(reason));
        let waiting_helps = matches!(reason, Reason::SourceUnavailable | Reason::Busy);
        assert_eq!(response.headers().contains_key(RETRY_AFTER), waiting_helps);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.status(), reason.status());
    }
}
