//! The 412 and its form.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING,
        CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, EXPIRES, IF_MATCH,
        IF_NONE_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED,
    },
};

use tower::layer::util::Stack;

use crate::conditional::tests::{
    Answer, EARLIER, LATER, MODIFIED, answer, exchange, get, layer, request,
};
use crate::{
    ConditionalLayer, EtagLayer, Outcome,
    refusal::Refusal,
    semantics::condition::Condition,
    test_support::{Act, ScriptedBody, content, knows, read, send, tagged},
};

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
    // Issue 10, A.9: like every other refusal of this kind.
    assert_eq!(
        problem["expected"],
        serde_json::json!(["W/\"v1\"", "\"v0\""])
    );
    assert_eq!(problem["current"], "\"v1\"");

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

/// R-9110-9.3.2-c: the headers of the `GET`, without its content.
#[test]
fn a_412_to_head_has_no_content() {
    let condition = [(IF_MATCH, "\"v0\"")];
    let response = exchange(&layer(), Method::HEAD, &condition, answer(&[]));
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    let to_get = get(&condition, answer(&[]));
    assert_eq!(response.headers(), to_get.headers());
    assert!(read(response.into_body()).is_empty());
}

#[test]
fn refusals_can_be_rendered_otherwise() {
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

/// Issue 10, A.9: a client that accepts no JSON gets text, before the service runs and
/// after.
#[test]
fn a_412_honours_accept() {
    let fields = [(IF_MATCH, "\"v0\""), (ACCEPT, "text/html")];
    let after = get(&fields, answer(&[]));
    let before = exchange_by_source(&fields);
    for response in [after, before] {
        assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "text/plain; charset=utf-8"
        );
    }
}

/// Issue 10, A.9: refusals before and after the service have the same form.
#[test]
fn refusals_are_alike_before_and_after_the_service() {
    let fields = [(IF_MATCH, "\"v0\", W/\"v1\"")];
    let (after, before) = (get(&fields, answer(&[])), exchange_by_source(&fields));
    assert_eq!(after.headers(), before.headers());
    assert_eq!(read(after.into_body()), read(before.into_body()));
}

fn exchange_by_source(fields: &[(HeaderName, &'static str)]) -> Answer {
    let layer = ConditionalLayer::new().source(knows(tagged("v1")));
    send(&layer, request(Method::GET, fields), |_| answer(&[]))
}

/// Issue 10, A.7: the extensions of the 200 are not on the refusal that replaces it.
#[test]
fn extensions_of_the_200_do_not_survive() {
    #[derive(Clone)]
    struct OfThe200;
    let mut ok = answer(&[(CONTENT_LOCATION, "/v1"), (ACCEPT_RANGES, "bytes")]);
    ok.extensions_mut().insert(OfThe200);
    let response = exchange(&layer().explain(), Method::GET, &[(IF_MATCH, "\"v0\"")], ok);
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    assert!(response.extensions().get::<OfThe200>().is_none());
    assert!(Outcome::of(&response).is_some());
    for name in [CONTENT_LOCATION, ACCEPT_RANGES] {
        assert!(!response.headers().contains_key(name));
    }
    let mut ok = answer(&[]);
    ok.extensions_mut().insert(OfThe200);
    let known = get(&[(IF_NONE_MATCH, "\"v1\"")], ok);
    assert!(known.extensions().get::<OfThe200>().is_some());
}

/// Issue 10, D.1: the problem has no content coding, even if the replaced content had one.
#[test]
fn a_412_does_not_describe_the_content_it_replaces() {
    let fields = [
        (CONTENT_ENCODING, "gzip"),
        (CONTENT_LANGUAGE, "de"),
        (CONTENT_TYPE, "text/plain"),
    ];
    let response = get(&[(IF_MATCH, "\"v0\"")], answer(&fields));
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    for name in [CONTENT_ENCODING, CONTENT_LANGUAGE] {
        assert!(!response.headers().contains_key(&name), "{name}");
    }
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
}

/// Content that breaks while it is hashed has no tag. Nobody knows if it is the expected one.
#[test]
fn content_that_breaks_gets_no_412() {
    let layers = Stack::new(EtagLayer::new(), layer());
    for (acts, status) in [
        ([Act::data("hel"), Act::data("lo")], 412),
        ([Act::data("hel"), Act::Error], 200),
    ] {
        let expecting = request(Method::GET, &[(IF_MATCH, "\"v1\"")]);
        let response = send(&layers, expecting, move |_| {
            Response::new(ScriptedBody::sized(acts.clone()))
        });
        assert_eq!(response.status(), status);
    }
}
