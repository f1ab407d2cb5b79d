//! The conditions that a handler gets, and the answers to its comparison.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use tower::layer::util::Stack;

use super::{Answer, problem, representation, status};
use crate::{
    Outcome, PreconditionLayer,
    handler::{Expected, PreconditionFailed},
    outcome::Verdict,
    precondition::OnUnchecked,
    semantics::condition::Current,
    source::{SelfGet, ValidatorSource},
    test_support::{ScriptedBody, Upload, content, knows, read, request, send, tagged},
};

const CONDITION: (&str, &str) = ("if-match", "\"1\"");

fn failed(failed: PreconditionFailed) -> Response<ScriptedBody> {
    let (parts, content) = Response::<Bytes>::from(failed).into_parts();
    let content = crate::test_support::Act::Data(content);
    Response::from_parts(parts, ScriptedBody::sized([content]))
}

/// A handler whose comparison finds version 2.
fn compares(request: &Request<Upload>) -> Response<ScriptedBody> {
    if request.method() == Method::GET {
        return representation("\"2\"");
    }
    match Expected::of(request).check(tagged("2")) {
        Ok(()) => status(StatusCode::NO_CONTENT),
        Err(unmet) => failed(unmet),
    }
}

/// A handler that overwrites without a comparison.
fn careless(request: &Request<Upload>) -> Response<ScriptedBody> {
    let _ = Expected::of(request).versions();
    status(StatusCode::NO_CONTENT)
}

fn put<Q: ValidatorSource>(
    layer: &PreconditionLayer<Q>,
    fields: &[(&str, &str)],
    handler: fn(&Request<Upload>) -> Response<ScriptedBody>,
) -> Answer {
    send(
        layer,
        request("PUT", "/", fields.iter().copied()),
        move |request| handler(&request),
    )
}

fn is_unchecked(answer: &Answer) -> bool {
    Outcome::of(answer).is_some_and(Outcome::is_unchecked)
}

/// R-9110-13.1-a: a success without a comparison is reported, and fails under
/// `OnUnchecked::Fail`.
#[test]
fn an_unused_expected_is_reported() {
    for current in [Current::Unknown, tagged("1").into()] {
        let layer = PreconditionLayer::new(knows(current));
        let answer = put(&layer, &[CONDITION], careless);
        assert_eq!(answer.status(), 204);
        assert!(is_unchecked(&answer));
        // A request without a condition expects no state.
        assert!(!is_unchecked(&put(&layer, &[], careless)));

        let layer = layer.on_unchecked(OnUnchecked::Fail);
        // The write was performed, so its idempotency key must not run it again.
        #[cfg(feature = "tokio")]
        assert_eq!(
            put(&layer, &[CONDITION], careless).extensions().get(),
            Some(&crate::idempotency::Commit::Seal)
        );
        let answer = put(&layer, &[CONDITION], careless);
        assert_eq!(answer.status(), 500);
        assert!(is_unchecked(&answer));
        assert_eq!(put(&layer, &[], careless).status(), 204);
    }
}

/// A failure has written nothing.
#[test]
fn a_failure_need_not_compare() {
    let layer = PreconditionLayer::handler_checks().on_unchecked(OnUnchecked::Fail);
    for code in [400, 404, 409, 422, 500, 503] {
        let answer = send(&layer, request("PUT", "/", [CONDITION]), move |_| {
            status(StatusCode::from_u16(code).unwrap())
        });
        assert_eq!(answer.status(), code);
        assert!(!is_unchecked(&answer));
    }
}

#[test]
fn a_comparison_uses_the_expected() {
    let confirms = |request: &Request<Upload>| {
        let written = Expected::of(request).confirm_written(Some(()));
        status(written.map_or(StatusCode::IM_A_TEAPOT, |_| StatusCode::NO_CONTENT))
    };
    let layer = PreconditionLayer::handler_checks().on_unchecked(OnUnchecked::Fail);
    assert_eq!(put(&layer, &[CONDITION], confirms).status(), 204);
    let answer = put(&layer, &[("if-match", "\"2\"")], compares);
    assert_eq!(answer.status(), 204);
    assert!(!is_unchecked(&answer));
}

/// Issue 12: under `check_only` no handler has to compare.
#[test]
fn a_layer_may_check_only() {
    let layer = PreconditionLayer::new(knows(tagged("1")))
        .on_unchecked(OnUnchecked::Fail)
        .check_only();
    let unaware = |request: &Request<Upload>| {
        assert!(request.extensions().get::<Expected>().is_none());
        status(StatusCode::NO_CONTENT)
    };
    let answer = put(&layer, &[CONDITION], unaware);
    assert_eq!(answer.status(), 204);
    assert!(!is_unchecked(&answer));
    assert_eq!(put(&layer, &[("if-match", "\"0\"")], unaware).status(), 412);

    // A failed comparison is answered as without `check_only`.
    let problem = problem(put(&layer, &[CONDITION], compares));
    assert_eq!(problem["current"], "\"2\"");
}

/// Issue 12: `check_only` changes nothing for layers outside or inside that hand over
/// `Expected`.
#[test]
fn check_only_leaves_the_expected_of_other_layers() {
    let hands_over = || PreconditionLayer::new(knows(tagged("2"))).on_unchecked(OnUnchecked::Fail);
    let checks = || hands_over().check_only();
    type Respond = fn(&Request<Upload>) -> Response<ScriptedBody>;
    for (handler, expected) in [(compares as Respond, 204), (careless, 500)] {
        let put = || request("PUT", "/", [("if-match", "\"2\"")]);
        let inside = Stack::new(checks(), hands_over());
        let answer = send(&inside, put(), move |request| handler(&request));
        assert_eq!(answer.status(), expected);
        let outside = Stack::new(hands_over(), checks());
        let answer = send(&outside, put(), move |request| handler(&request));
        assert_eq!(answer.status(), expected);
    }
}

/// Issue 12: the outcome of a performed write is recorded, too.
#[test]
fn a_write_that_proceeds_is_explained() {
    let layer = || PreconditionLayer::new(knows(tagged("2"))).explain();
    for layer in [layer(), layer().check_only()] {
        let answer = put(&layer, &[("if-match", "\"2\"")], compares);
        let outcome = Outcome::of(&answer).unwrap();
        assert_eq!(outcome.verdict(), Some(Verdict::Proceeded));
        assert!(!outcome.is_unchecked());
    }
}

/// Issue 11, A.6: of two layers, the outer one sees that the handler compared.
#[test]
fn a_comparison_is_seen_by_every_layer() {
    let layer = || PreconditionLayer::handler_checks().on_unchecked(OnUnchecked::Fail);
    type Respond = fn(&Request<Upload>) -> Response<ScriptedBody>;
    for (handler, expected) in [(compares as Respond, 204), (careless, 500)] {
        let put = request("PUT", "/", [("if-match", "\"2\"")]);
        let both = Stack::new(layer(), layer());
        let answer = send(&both, put, move |request| handler(&request));
        assert_eq!(answer.status(), expected);
    }
}

/// R-9110-13.1-a: a comparison that fails is 412, even if the check before it held.
#[test]
fn a_failed_comparison_is_412() {
    let layer = PreconditionLayer::new(knows(tagged("1"))).explain();
    let answer = put(&layer, &[CONDITION], compares);
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"2\"");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let verdict = Outcome::of(&answer).unwrap().verdict();
    assert_eq!(verdict, Some(Verdict::Superseded));
    let problem = problem(answer);
    assert_eq!(problem["expected"], serde_json::json!(["\"1\""]));
    assert_eq!(problem["current"], "\"2\"");

    let text = [CONDITION, ("accept", "text/plain")];
    let answer = put(&layer, &text, compares);
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
}

/// A 404 may hide what exists. It is the answer unless the service said that the method creates.
#[test]
fn a_failed_creation_behind_a_404_is_412() {
    let handler = |request: Request<Upload>| {
        if request.method() == Method::GET {
            return status(StatusCode::NOT_FOUND);
        }
        match Expected::of(&request).confirm_written(None::<()>) {
            Ok(_) => status(StatusCode::NOT_FOUND),
            Err(refused) => failed(refused),
        }
    };
    let layer = PreconditionLayer::new(knows(Current::Absent))
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let both = [Method::PUT, Method::POST];
    for (layer, expected) in [
        (layer.clone(), 404),
        (layer.clone().creates([Method::POST]), 404),
        (layer.creates(both), 412),
    ] {
        let put = request("PUT", "/notes/1", [("if-none-match", "*")]);
        let answer = send(&layer, put, handler);
        assert_eq!(answer.status(), expected);
        assert!(!answer.headers().contains_key("etag"));
    }
}

/// R-7240-4.2-a: the 412 carries the representation that is current by then.
#[test]
fn a_failed_comparison_carries_the_representation() {
    let layer = PreconditionLayer::new(knows(tagged("1")))
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer, request("PUT", "/notes/1", [CONDITION]), |put| {
        compares(&put)
    });
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"2\"");
    let location = answer.headers().get("content-location");
    assert_eq!(location.is_some(), cfg!(feature = "axum"));
    assert!(location.is_none_or(|location| location == "/notes/1"));
    assert_eq!(content(&read(answer.into_body())), b"hello");

    let minimal = [CONDITION, ("prefer", "return=minimal")];
    let answer = send(&layer, request("PUT", "/notes/1", minimal), |put| {
        compares(&put)
    });
    assert_eq!(answer.headers()["preference-applied"], "return=minimal");
    assert_eq!(problem(answer)["current"], "\"2\"");
}

/// R-4918-12.1-a: without a condition it is a 409, and never a 412.
#[test]
fn a_conflict_without_a_condition_is_409() {
    let superseded = |_: &Request<Upload>| failed(PreconditionFailed::with_current(tagged("2")));
    let layer = PreconditionLayer::new(knows(tagged("1")));
    let answer = put(&layer, &[], superseded);
    assert_eq!(answer.status(), 409);
    assert_eq!(answer.headers()["etag"], "\"2\"");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(problem(answer)["status"], 409);
    let answer = put(&layer, &[("accept", "text/plain")], superseded);
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    // An invalid date counts as no condition.
    let ignored = [("if-unmodified-since", "junk")];
    assert_eq!(put(&layer, &ignored, superseded).status(), 409);
    // A 409 or 412 that the application made passes unchanged.
    let own = put(&layer, &[], |_| status(StatusCode::CONFLICT));
    assert_eq!((own.status().as_u16(), own.headers().len()), (409, 0));
    let own = put(&layer, &[], |_| status(StatusCode::PRECONDITION_FAILED));
    assert_eq!((own.status().as_u16(), own.headers().len()), (412, 0));
}

/// The handler gets the settings of the comparison, and the state that the layer saw.
#[test]
fn the_handler_gets_the_state_that_the_layer_saw() {
    let date = ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
    let at = crate::semantics::field::HttpDate::from_unix_seconds(784_111_777);
    let layer = PreconditionLayer::new(knows(tagged("1").with_last_modified(at)));
    let answer = put(&layer, &[date], |request| {
        assert_eq!(Expected::of(request).versions(), Some(vec![1]));
        status(StatusCode::CREATED)
    });
    assert_eq!(answer.status(), 201);
    let answer = put(
        &layer.weak_if_match(),
        &[("if-match", "W/\"1\"")],
        |request| match Expected::of(request).check(tagged("1")) {
            Ok(()) => status(StatusCode::CREATED),
            Err(_) => status(StatusCode::IM_A_TEAPOT),
        },
    );
    assert_eq!(answer.status(), 201);
}
