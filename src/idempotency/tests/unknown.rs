//! Ends of which nobody knows if the request was performed.

use std::{convert::Infallible, future::pending, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use super::{Runs, layer, post, problem, send, service};
use crate::{
    PreconditionLayer,
    body::RequestBody,
    idempotency::{Commit, OnLostAttempt},
    lock::KeyedLock,
    refusal::KeyProblem,
    source,
};

/// A handler whose `COMMIT` has no answer says so. Its 502 does not free the key.
#[tokio::test]
async fn a_handler_may_not_know_its_outcome() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, |_, _| async {
        let mut response = Response::new(Full::from("no answer"));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response.extensions_mut().insert(Commit::Unknown);
        response
    });
    assert_eq!(send(&service, post("\"a\"")).await.content, "no answer");
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
    assert_eq!(runs.count(), 1);
}

/// A write that is dropped half way by the timeout of a lock inside may have had its effect.
#[tokio::test(start_paused = true)]
async fn a_write_that_lost_its_lock_is_not_performed_again() {
    let runs = Runs::default();
    let counted = runs.clone();
    let handler = service_fn(move |_: Request<RequestBody<RequestBody<Full<Bytes>>>>| {
        counted.add();
        pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let lock = KeyedLock::new().hold_timeout(Duration::from_secs(1));
    let guarded = PreconditionLayer::new(source::now(|_| None::<crate::EntityTag>))
        .lock(lock, |request| Some(request.uri.path().to_owned()));
    let service = layer().layer(guarded.layer(handler));
    let patch = || {
        let mut request = post("\"a\"");
        *request.method_mut() = Method::PATCH;
        request
    };
    let first = service.clone().oneshot(patch()).await;
    let first = first.expect("a response").status();
    assert_eq!(first, StatusCode::INTERNAL_SERVER_ERROR);
    let retry = send(&service, patch()).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
    assert_eq!(runs.count(), 1);
}

/// A layer inside that refuses after its handler ran does not free the key outside.
#[tokio::test(start_paused = true)]
async fn a_timeout_of_a_layer_inside_is_unknown_outside() {
    let runs = Runs::default();
    let counted = runs.clone();
    let handler = service_fn(move |_: Request<RequestBody<RequestBody<Full<Bytes>>>>| {
        counted.add();
        pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let inner = crate::IdempotencyLayer::for_anyone(super::Store::default());
    let inner = inner.timeout(Duration::from_secs(1));
    let outer = layer().on_lost_attempt(OnLostAttempt::Refuse);
    let service = outer.layer(inner.layer(handler));
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (503, "timed-out"));
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
    assert_eq!(runs.count(), 1);
}

/// A layer inside that has performed the write says so by its problem, whose key is another one.
#[tokio::test]
async fn a_problem_after_the_handler_is_unknown_outside() {
    for (inside, runs_again) in [
        (KeyProblem::TimedOut, false),
        (KeyProblem::OutcomeUnknown, false),
        (KeyProblem::StoreUnavailable, true),
    ] {
        let runs = Runs::default();
        let service = service(&layer(), &runs, move |_, _| async move {
            let mut response = Response::new(Full::from("refused"));
            *response.status_mut() = StatusCode::CONFLICT;
            response.extensions_mut().insert(inside);
            response
        });
        assert_eq!(send(&service, post("\"a\"")).await.content, "refused");
        let retry = send(&service, post("\"a\"")).await;
        assert_eq!(runs.count(), 1 + usize::from(runs_again), "{inside:?}");
        if !runs_again {
            assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
        }
    }
}

/// A handler that hangs does not hold its key for ever, although no disconnect cancels it.
#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_given_up_by_default() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, |_, _| pending());
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (503, "timed-out"));
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
}
