//! The options of the layer, its outcomes, and its place in a stack.

use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, ETAG, IF_MATCH, IF_NONE_MATCH},
};
use http_body::Body;
use http_body_util::Empty;

use super::{answer, exchange, layer, request};
use crate::{
    ConditionalLayer,
    outcome::{Outcome, TagOrigin, Verdict},
    semantics::{condition::Condition, validator::UntaggedReason},
    stack,
    test_support::{Act, ScriptedBody, read, send},
};

/// R-9110-9.3.2-a, R-9110-8.6-a: `HEAD` has the headers of `GET` and no content.
#[test]
fn head_as_get_calls_with_get() {
    let layer = stack().conditional(layer().head_as_get());
    let respond = |request: Request<Empty<Bytes>>| {
        // A service without a framework answers so.
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
fn the_outcome_records_the_decision() {
    let outcome = |layer: &ConditionalLayer, fields: &[_], status: u16| {
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

/// Issue 12: a `HEAD` has no content, so its 304 saves none.
#[test]
fn a_304_to_a_head_saves_no_bytes() {
    for (method, saved) in [(Method::GET, Some(5)), (Method::HEAD, None)] {
        let fields = [(IF_NONE_MATCH, "\"v1\"")];
        let response = exchange(&layer().explain(), method, &fields, answer(&[]));
        assert_eq!(response.status(), 304);
        assert_eq!(Outcome::of(&response).unwrap().bytes_saved(), saved);
    }
}

/// Two layers record into one outcome.
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
    let kept = TagOrigin::Untouched(UntaggedReason::HandlerTag);
    assert_eq!(outcome.tag(), Some(kept));
}

/// A handler that makes its own tags needs no `EtagLayer`.
#[test]
fn a_stack_without_etag_layer() {
    let layer = stack().without_etag();
    let mut response = Some(Response::new(ScriptedBody::sized([Act::data("x")])));
    let response = send(&layer, request(Method::GET, &[]), |_| {
        response.take().unwrap()
    });
    assert!(!response.headers().contains_key(ETAG));
}
