mod sourced;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING,
        CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE, CONTENT_TYPE, DATE,
        ETAG, EXPIRES, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
        LAST_MODIFIED, RANGE, SET_COOKIE, UPGRADE, VARY,
    },
};
use http_body::Body;

use super::ConditionalLayer;
use crate::{
    body::ResponseBody,
    clock::{Clock, ManualClock},
    outcome::{Outcome, Verdict},
    refusal::Refusal,
    semantics::{date::HttpDate, method::SafeMethods, precondition::Condition, tagging::Untagged},
    stack,
    test_support::{Act, ScriptedBody, content, read, send},
};

type Answer = Response<ResponseBody<ScriptedBody>>;

const MODIFIED: &str = "Tue, 15 Nov 1994 12:45:26 GMT";
const LATER: &str = "Tue, 15 Nov 1994 12:45:27 GMT";
const EARLIER: &str = "Tue, 15 Nov 1994 12:45:25 GMT";

fn layer() -> ConditionalLayer<ManualClock> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    ConditionalLayer::new().clock(ManualClock::new(now))
}

fn request(method: Method, fields: &[(HeaderName, &'static str)]) -> Request<()> {
    let mut request = Request::builder().method(method).body(()).unwrap();
    for (name, value) in fields {
        request
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    }
    request
}

/// A 200 with five bytes, `"v1"`, and these fields.
fn answer(fields: &[(HeaderName, &'static str)]) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized([Act::data("hello")]));
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static("\"v1\""));
    for (name, value) in fields {
        headers.append(name, HeaderValue::from_static(value));
    }
    response
}

fn exchange<C: Clock + Clone>(
    layer: &ConditionalLayer<C>,
    method: Method,
    request_fields: &[(HeaderName, &'static str)],
    response: Response<ScriptedBody>,
) -> Answer {
    let mut response = Some(response);
    send(layer, request(method, request_fields), |_| {
        response.take().unwrap()
    })
}

fn get(request_fields: &[(HeaderName, &'static str)], response: Response<ScriptedBody>) -> Answer {
    exchange(&layer(), Method::GET, request_fields, response)
}

/// R-9110-13.1.2-b, R-9110-15.4.5-d.
#[test]
fn a_match_is_304_without_content() {
    for method in [Method::GET, Method::HEAD] {
        let response = exchange(&layer(), method, &[(IF_NONE_MATCH, "\"v1\"")], answer(&[]));
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers()[ETAG], "\"v1\"");
        assert!(response.body().is_end_stream());
        assert_eq!(response.body().size_hint().exact(), Some(0));
        assert!(read(response.into_body()).is_empty());
    }
    let response = get(&[(IF_NONE_MATCH, "\"v2\"")], answer(&[]));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(content(&read(response.into_body())), b"hello");
}

/// R-9110-15.4.5-a, R-9110-15.4.5-b, R-9110-15.4.5-c, R-9110-15.4.5-e,
/// R-9110-5.3-a, R-9530-3-a.
#[test]
fn a_304_keeps_all_but_representation_metadata() {
    let kept = [
        (CACHE_CONTROL, "max-age=60"),
        (CACHE_CONTROL, "stale-while-revalidate=30"),
        (CONTENT_LOCATION, "/notes/1.en"),
        (DATE, "Tue, 15 Nov 1994 13:00:00 GMT"),
        (EXPIRES, "Tue, 15 Nov 1994 14:00:00 GMT"),
        (VARY, "accept-encoding"),
        (VARY, "origin"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "https://example.com"),
        (SET_COOKIE, "a=1"),
        (SET_COOKIE, "b=2"),
        (HeaderName::from_static("x-request-id"), "17"),
    ];
    let gone = [
        (CONTENT_TYPE, "text/plain"),
        (CONTENT_ENCODING, "gzip"),
        (CONTENT_LANGUAGE, "en"),
        (LAST_MODIFIED, MODIFIED),
        (HeaderName::from_static("repr-digest"), "sha-256=:AA==:"),
        (HeaderName::from_static("content-digest"), "sha-256=:AA==:"),
    ];
    let fields: Vec<_> = kept.iter().chain(&gone).cloned().collect();
    let response = get(&[(IF_NONE_MATCH, "\"v1\"")], answer(&fields));
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    for (name, _) in &kept {
        let expected: Vec<_> = kept
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| *v)
            .collect();
        let actual: Vec<_> = response.headers().get_all(name).iter().collect();
        assert_eq!(actual, expected, "{name}");
    }
    for (name, _) in &gone {
        assert!(!response.headers().contains_key(name), "{name}");
    }
}

/// R-9110-8.6-a: the length of the 200, or none.
#[test]
fn a_304_never_claims_to_be_empty() {
    let condition = [(IF_NONE_MATCH, "\"v1\"")];
    assert_eq!(get(&condition, answer(&[])).headers()[CONTENT_LENGTH], "5");
    let mut stream = answer(&[]);
    *stream.body_mut() = ScriptedBody::unsized_([Act::data("hello")]);
    assert!(
        !get(&condition, stream)
            .headers()
            .contains_key(CONTENT_LENGTH)
    );
}

/// R-9110-8.6-a: a 304 from inside has the length that a framework wrote for an
/// answer without content, which is not the length of the 200.
#[test]
fn a_304_from_inside_is_not_left_to_claim_it_either() {
    for method in [Method::GET, Method::HEAD] {
        for layer in [layer(), layer().head_as_get()] {
            for (length, kept) in [("0", false), ("5", true)] {
                let mut inside = answer(&[(CONTENT_LENGTH, length)]);
                *inside.status_mut() = StatusCode::NOT_MODIFIED;
                *inside.body_mut() = ScriptedBody::sized([]);
                let response = exchange(&layer, method.clone(), &[], inside);
                assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
                assert_eq!(response.headers().contains_key(CONTENT_LENGTH), kept);
            }
        }
    }
}

/// R-9110-13.1.3-c, R-9110-13.1.3-a, R-9110-13.1.3-b.
#[test]
fn dates_are_compared_as_an_inequality() {
    let plain = || {
        let mut response = answer(&[(LAST_MODIFIED, MODIFIED)]);
        response.headers_mut().remove(ETAG);
        response
    };
    for (since, status) in [
        (MODIFIED, 304),
        (LATER, 304),
        (EARLIER, 200),
        ("garbage", 200),
    ] {
        let response = get(&[(IF_MODIFIED_SINCE, since)], plain());
        assert_eq!(response.status(), status, "{since}");
        // The only validator stays on its 304.
        assert_eq!(response.headers()[LAST_MODIFIED], MODIFIED);
    }
    let both = [(IF_NONE_MATCH, "\"v2\""), (IF_MODIFIED_SINCE, LATER)];
    assert_eq!(
        get(&both, answer(&[(LAST_MODIFIED, MODIFIED)])).status(),
        200
    );
}

/// R-9110-13.1.1-g, R-9110-13.1.1-a, R-9457-3-a, R-9457-3.1.2-a,
/// R-9457-5-a, R-9110-15.1-a.
#[test]
fn a_false_condition_is_412_with_the_current_validators() {
    let fields = [
        (CACHE_CONTROL, "max-age=600"),
        (EXPIRES, LATER),
        (CONTENT_TYPE, "text/plain"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cdn-cache-control"), "max-age=600"),
    ];
    let response = get(&[(IF_MATCH, "W/\"v1\", \"v0\"")], answer(&fields));
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    let headers = response.headers().clone();
    assert_eq!(headers[ETAG], "\"v1\"");
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(!headers.contains_key(EXPIRES));
    assert!(!headers.contains_key("cdn-cache-control"));

    let body = content(&read(response.into_body()));
    assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], 412);
    assert_eq!(problem["title"], "Precondition Failed");
    assert!(problem["type"].as_str().unwrap().starts_with("https://"));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("If-Match") && !detail.contains("v0"));

    assert_eq!(get(&[(IF_MATCH, "\"v1\"")], answer(&[])).status(), 200);
    assert_eq!(get(&[(IF_MATCH, "*")], answer(&[])).status(), 200);
}

/// R-9110-13.1.4-a, on reads.
#[test]
fn if_unmodified_since_can_fail() {
    let modified = || answer(&[(LAST_MODIFIED, MODIFIED)]);
    for (since, status) in [(EARLIER, 412), (MODIFIED, 200), (LATER, 200), ("x", 200)] {
        let response = get(&[(IF_UNMODIFIED_SINCE, since)], modified());
        assert_eq!(response.status(), status, "{since}");
    }
}

/// R-9110-9.3.2-c: the fields of the `GET`, without its content.
#[test]
fn a_412_to_head_has_no_content() {
    let condition = [(IF_MATCH, "\"v0\"")];
    let response = exchange(&layer(), Method::HEAD, &condition, answer(&[]));
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    let to_get = get(&condition, answer(&[]));
    assert_eq!(response.headers(), to_get.headers());
    assert!(read(response.into_body()).is_empty());
}

/// R-9110-13.2.1-a.
#[test]
fn other_statuses_win() {
    for status in [301, 302, 400, 401, 403, 404, 405, 416, 500, 503] {
        for condition in [
            (IF_NONE_MATCH, "\"v1\""),
            (IF_NONE_MATCH, "*"),
            (IF_MATCH, "\"v0\""),
        ] {
            let mut response = answer(&[]);
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            assert_eq!(get(&[condition], response).status(), status);
        }
    }
}

/// R-9110-15.4.5-d: 304 only for what would be a 200 without `Range`.
#[test]
fn only_what_would_be_200_becomes_304() {
    let condition = (IF_NONE_MATCH, "\"v1\"");
    for status in [203, 204, 206] {
        let mut response = answer(&[]);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        assert_eq!(
            get(std::slice::from_ref(&condition), response).status(),
            status
        );
    }
    let mut part = answer(&[(CONTENT_RANGE, "bytes 0-4/10")]);
    *part.status_mut() = StatusCode::PARTIAL_CONTENT;
    let response = get(&[condition, (RANGE, "bytes=0-4")], part);
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert!(!response.headers().contains_key(CONTENT_RANGE));
    assert!(!response.headers().contains_key(CONTENT_LENGTH));
}

/// R-9110-8.8.3-a: a malformed tag is never repaired and never matches.
#[test]
fn malformed_tags_never_match() {
    for own in ["abc", "w/\"x\"", "\"a b\"", "\"a\"b\""] {
        for sent in [
            own, "abc", "\"abc\"", "\"x\"", "W/\"x\"", "\"a b\"", "\"a\"",
        ] {
            let mut response = answer(&[]);
            response
                .headers_mut()
                .insert(ETAG, HeaderValue::from_static(own));
            let sent = HeaderValue::from_static(sent);
            let response = get(
                &[(IF_NONE_MATCH, sent.to_str().unwrap().to_owned().leak())],
                response,
            );
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()[ETAG], own);
        }
    }
}

/// R-9110-13.1.2-e: what counts is the representation that this request
/// selects, and its 304 has that one's tag.
#[test]
fn the_selected_variant_decides() {
    const VARIANTS: [&str; 2] = ["\"identity\"", "\"br\""];
    let ask = |coding: &'static str, tag: &'static str| {
        let fields = [(ACCEPT_ENCODING, coding), (IF_NONE_MATCH, tag)];
        send(&layer(), request(Method::GET, &fields), |request| {
            let variant = VARIANTS[usize::from(request.headers()[ACCEPT_ENCODING] == "br")];
            let mut response = answer(&[(VARY, "accept-encoding")]);
            let variant = HeaderValue::from_static(variant);
            response.headers_mut().insert(ETAG, variant);
            response
        })
    };
    for coding in ["identity", "br"] {
        for tag in VARIANTS {
            let response = ask(coding, tag);
            let selected = tag.contains(coding);
            assert_eq!(response.status(), if selected { 304 } else { 200 });
            assert_eq!(response.headers()[ETAG] == tag, selected);
            assert_eq!(response.headers()[VARY], "accept-encoding");
        }
    }
}

/// R-9111-5.2.1-a.
#[test]
fn a_request_for_revalidation_is_still_304() {
    let fields = [(IF_NONE_MATCH, "\"v1\""), (CACHE_CONTROL, "no-cache")];
    assert_eq!(get(&fields, answer(&[])).status(), 304);
}

/// R-QUERY-cond-a: opt-in, and never 412 for a match.
#[test]
fn query_is_conditional_when_enabled() {
    let query = Method::from_bytes(b"QUERY").unwrap();
    let matching = [(IF_NONE_MATCH, "\"v1\"")];
    let off = exchange(&layer(), query.clone(), &matching, answer(&[]));
    assert_eq!(off.status(), StatusCode::OK);
    let on = layer().methods(SafeMethods::GET | SafeMethods::QUERY);
    let response = exchange(&on, query, &matching, answer(&[]));
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    let head = exchange(&on, Method::HEAD, &matching, answer(&[]));
    assert_eq!(head.status(), StatusCode::OK);
}

/// R-9110-13.2.1-d, R-9110-7.8-a: what is not evaluated is forwarded as it is.
#[test]
fn what_is_not_a_read_passes() {
    let condition = [(IF_NONE_MATCH, "\"v1\""), (IF_MATCH, "\"v0\"")];
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
    ] {
        let response = send(&layer(), request(method, &condition), |request| {
            assert_eq!(request.headers()[IF_NONE_MATCH], "\"v1\"");
            assert_eq!(request.headers()[IF_MATCH], "\"v0\"");
            answer(&[])
        });
        assert_eq!(response.status(), StatusCode::OK);
    }
    let upgrade = [(IF_NONE_MATCH, "\"v1\""), (UPGRADE, "websocket")];
    assert_eq!(get(&upgrade, answer(&[])).status(), StatusCode::OK);
}

/// R-9110-8.8.2.1-a.
#[test]
fn last_modified_is_never_in_the_future() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    let layer = ConditionalLayer::new().clock(clock.clone());
    let modified = |fields: &[(HeaderName, &'static str)]| {
        exchange(&layer, Method::GET, &[], answer(fields)).headers()[LAST_MODIFIED].clone()
    };
    let future = (LAST_MODIFIED, "Wed, 20 Nov 2030 00:00:00 GMT");
    let now = HttpDate::from(clock.now()).to_string();
    assert_eq!(modified(std::slice::from_ref(&future)), now);
    assert_eq!(modified(&[future.clone(), (DATE, LATER)]), LATER);
    assert_eq!(modified(&[(LAST_MODIFIED, MODIFIED)]), MODIFIED);
    clock.advance(Duration::from_secs(2_000_000_000));
    assert_eq!(modified(std::slice::from_ref(&future)), future.1);
    clock.set(SystemTime::UNIX_EPOCH);
    assert_eq!(modified(&[future]), "Thu, 01 Jan 1970 00:00:00 GMT");
}

/// R-9110-9.3.2-a, R-9110-8.6-a: `HEAD` has the fields of `GET` and no content.
#[test]
fn head_can_ask_with_get() {
    let layer = stack().conditional(layer().head_as_get());
    let respond = |request: Request<()>| {
        // As a service without a framework does.
        if request.method() == Method::HEAD {
            return Response::new(ScriptedBody::sized([]));
        }
        Response::new(ScriptedBody::sized([Act::data("hello")]))
    };
    let get = send(&layer, request(Method::GET, &[]), respond);
    let head = send(&layer, request(Method::HEAD, &[]), respond);
    assert_eq!(head.headers()[ETAG], get.headers()[ETAG]);
    assert_eq!(head.headers()[CONTENT_LENGTH], "5");
    assert!(head.body().is_end_stream());
    assert!(read(head.into_body()).is_empty());
    let without = send(&stack(), request(Method::HEAD, &[]), respond);
    assert!(!without.headers().contains_key(ETAG));
}

#[test]
fn refusals_can_look_otherwise() {
    let layer = layer().refusals(|refusal: &Refusal| {
        assert_eq!(refusal.condition(), Some(Condition::IfMatch));
        (
            HeaderValue::from_static("text/plain"),
            Bytes::from(refusal.title()),
        )
    });
    let response = exchange(&layer, Method::GET, &[(IF_MATCH, "\"v0\"")], answer(&[]));
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
    assert_eq!(content(&read(response.into_body())), b"Precondition Failed");
}

#[test]
fn the_outcome_says_what_was_decided() {
    let outcome = |layer: &ConditionalLayer<ManualClock>, fields: &[_], status: u16| {
        let mut response = answer(&[]);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let response = exchange(layer, Method::GET, fields, response);
        Outcome::of(&response).map(|outcome| (outcome.verdict().unwrap(), outcome.bytes_saved()))
    };
    let matching = [(IF_NONE_MATCH, "\"v1\"")];
    let failing = [(IF_MATCH, "\"v0\"")];
    assert_eq!(outcome(&layer(), &matching, 200), None);

    let explains = layer().explain();
    assert_eq!(
        outcome(&explains, &matching, 200),
        Some((Verdict::NotModified, Some(5)))
    );
    let failed = Verdict::Failed(Condition::IfMatch);
    assert_eq!(outcome(&explains, &failing, 200), Some((failed, None)));
    assert_eq!(
        outcome(&explains, &[], 200),
        Some((Verdict::Unconditional, None))
    );
    assert_eq!(
        outcome(&explains, &matching, 404),
        Some((Verdict::NotEvaluated, None))
    );
    let other = [(IF_NONE_MATCH, "\"v2\"")];
    assert_eq!(
        outcome(&explains, &other, 200),
        Some((Verdict::Proceeded, None))
    );
}

/// Two layers write into one outcome.
#[test]
fn the_outcome_is_shared() {
    let layer = stack().conditional(layer()).explain();
    let mut response = Some(answer(&[]));
    let response = send(
        &layer,
        request(Method::GET, &[(IF_NONE_MATCH, "*")]),
        |_| response.take().unwrap(),
    );
    let outcome = Outcome::of(&response).unwrap();
    assert_eq!(outcome.verdict(), Some(Verdict::NotModified));
    let kept = crate::outcome::TagOrigin::Untouched(Untagged::HandlerTag);
    assert_eq!(outcome.tag(), Some(kept));
}

/// A handler that makes its own tags needs no `EtagLayer`.
#[test]
fn a_stack_without_tags() {
    let layer = stack().without_etag();
    let mut response = Some(Response::new(ScriptedBody::sized([Act::data("x")])));
    let response = send(&layer, request(Method::GET, &[]), |_| {
        response.take().unwrap()
    });
    assert!(!response.headers().contains_key(ETAG));
}
