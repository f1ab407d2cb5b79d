//! Attempts that take over from a lost one, and routes whose handlers record for themselves.

use std::{panic::AssertUnwindSafe, sync::Arc};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::Full;

use super::{HandlerRequest, Runs, Store, attempt, layer, order, post, problem, send, service};
use crate::{
    idempotency::{
        Attempt, Commit, IdempotencyLayer, KeyState, OnLostAttempt, OnUnrecorded, SealReason,
    },
    store::{IdempotencyStore, MemoryIdempotencyStore},
};

/// Sends a request whose handler panics.
async fn lose<S, B>(service: &S, request: Request<Full<Bytes>>)
where
    S: tower::Service<
            Request<Full<Bytes>>,
            Response = Response<B>,
            Error = std::convert::Infallible,
        > + Clone,
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let lost = AssertUnwindSafe(send(service, request));
    assert!(lost.catch_unwind().await.is_err());
}

fn unavailable() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("unavailable"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

/// P-ID-takeover: by default a lost attempt is never followed by another.
#[tokio::test]
async fn refuse_runs_nothing_again() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, |_, _| async { panic!("lost") });
    lose(&service, post("\"a\"")).await;
    for _ in 0..3 {
        let retry = send(&service, post("\"a\"")).await;
        assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
    }
    assert_eq!(runs.count(), 1);
}

/// P-ID-takeover: the handler runs again, and need not ask why.
#[tokio::test]
async fn reexecute_runs_the_handler_again() {
    let runs = Runs::default();
    let layer = layer().on_lost_attempt(OnLostAttempt::Reexecute);
    let service = service(&layer, &runs, |number, request| async move {
        assert!(number > 1, "the first run panics");
        order(number, request).await
    });
    lose(&service, post("\"a\"")).await;
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    assert!(send(&service, post("\"a\"")).await.replayed);
    assert_eq!(runs.count(), 2);
}

/// P-ID-takeover: the handler that asks continues, and its response is recorded.
#[tokio::test]
async fn resume_continues_from_the_recovery_point() {
    let runs = Runs::default();
    let layer = layer().on_lost_attempt(OnLostAttempt::Resume);
    let service = service(&layer, &runs, |number, request| async move {
        let attempt = attempt(&request);
        assert_eq!(attempt.takes_over(), number > 1);
        assert_eq!(attempt.fence(), number as u64);
        assert!(number > 1, "the first run panics");
        order(number, request).await
    });
    lose(&service, post("\"a\"")).await;
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    assert!(send(&service, post("\"a\"")).await.replayed);
    assert_eq!(runs.count(), 2);
}

/// P-ID-takeover: a handler that does not ask may have repeated an effect. It runs once more at
/// most, and its response is not the answer.
#[tokio::test]
async fn resume_does_not_trust_a_handler_that_never_asks() {
    let runs = Runs::default();
    let layer = layer().on_lost_attempt(OnLostAttempt::Resume);
    let service = service(&layer, &runs, |number, request| async move {
        assert!(number > 1, "the first run panics");
        order(number, request).await
    });
    lose(&service, post("\"a\"")).await;
    let second = send(&service, post("\"a\"")).await;
    assert_eq!((second.status, problem(&second)), (500, "not-resumed"));
    let third = send(&service, post("\"a\"")).await;
    assert_eq!((third.status, problem(&third)), (409, "sealed"));
    assert_eq!(runs.count(), 2);
    // An attempt that follows none need not ask.
    let other = send(&service, post("\"b\"")).await;
    assert_eq!(other.status, 201);
}

/// An error of an attempt that takes over does not free the key: the attempt before may have
/// had its effect.
#[tokio::test]
async fn attempts_take_over_until_one_succeeds() {
    for reaction in [OnLostAttempt::Reexecute, OnLostAttempt::Resume] {
        let runs = Runs::default();
        let layer = layer().on_lost_attempt(reaction);
        let service = service(&layer, &runs, |number, request| async move {
            match number {
                1 => panic!("lost"),
                2 | 3 => unavailable(),
                _ => {
                    assert!(attempt(&request).takes_over());
                    order(number, request).await
                }
            }
        });
        lose(&service, post("\"a\"")).await;
        for _ in 0..2 {
            assert_eq!(send(&service, post("\"a\"")).await.content, "unavailable");
            // Nor may another request have the key.
            let other = super::post_as("alice", "\"a\"", "other");
            assert_eq!(send(&service, other).await.status, 422);
        }
        assert_eq!(send(&service, post("\"a\"")).await.status, 201);
        assert!(send(&service, post("\"a\"")).await.replayed);
        assert_eq!(runs.count(), 4, "{reaction:?}");
    }
}

/// Records the response as the `keyed` functions of the stores do.
async fn commit(store: &Store, attempt: &Attempt) -> Response<Full<Bytes>> {
    let response = Response::new(Bytes::from("paid"));
    let record = attempt.encode(&response).expect("a record");
    let completed = store.complete(attempt.step(), record).await;
    assert_eq!(completed.expect("an answer"), super::super::Update::Applied);
    attempt.confirm_recorded();
    response.map(Full::from)
}

/// P-ID-txn: a handler that records for itself is believed, and repeated.
#[tokio::test]
async fn a_transactional_handler_records_its_response() {
    for reaction in [OnUnrecorded::Report, OnUnrecorded::Fail] {
        let (store, runs) = (Store::default(), Runs::default());
        let layer = IdempotencyLayer::new(Arc::clone(&store), super::user).transactional(reaction);
        let service = service(&layer, &runs, move |_, request: HandlerRequest| {
            let store = Arc::clone(&store);
            async move { commit(&store, &attempt(&request)).await }
        });
        let first = send(&service, post("\"a\"")).await;
        assert_eq!((first.status, &*first.content), (200, "paid"));
        let retry = send(&service, post("\"a\"")).await;
        assert!(retry.replayed);
        assert_eq!((retry.content, runs.count()), (first.content, 1));
    }
}

/// P-ID-txn: a success outside of the transaction is recorded by the layer, or fails.
#[tokio::test]
async fn a_success_outside_of_the_transaction_is_noticed() {
    let runs = Runs::default();
    let reported = layer().transactional(OnUnrecorded::Report);
    let reported = service(&reported, &runs, order);
    assert_eq!(send(&reported, post("\"a\"")).await.status, 201);
    assert!(send(&reported, post("\"a\"")).await.replayed);
    let failing = layer().transactional(OnUnrecorded::Fail);
    let failing = service(&failing, &runs, order);
    let first = send(&failing, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (500, "not-transactional"));
    let retry = send(&failing, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "sealed"));
    assert_eq!(runs.count(), 2);
}

/// P-ID-txn: a refusal or an error has no effect to record.
#[tokio::test]
async fn a_transactional_handler_may_refuse_without_a_transaction() {
    for (status, replayed) in [(422, true), (404, true), (503, false), (304, false)] {
        let runs = Runs::default();
        let layer = layer().transactional(OnUnrecorded::Fail);
        let service = service(&layer, &runs, move |_, _| async move {
            let mut response = Response::new(Full::from("refused"));
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response
        });
        assert_eq!(send(&service, post("\"a\"")).await.status, status);
        let retry = send(&service, post("\"a\"")).await;
        assert_eq!((retry.status, retry.replayed), (status, replayed));
    }
}

/// A redirection is the usual response to a form, so it is a success, too.
#[tokio::test]
async fn a_redirection_outside_of_the_transaction_is_noticed() {
    let runs = Runs::default();
    let layer = layer().transactional(OnUnrecorded::Fail);
    let service = service(&layer, &runs, |_, _| async {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response
    });
    let noticed = send(&service, post("\"a\"")).await;
    assert_eq!(
        (noticed.status, problem(&noticed)),
        (500, "not-transactional")
    );
}

/// A success that releases its key by itself is one without a record.
#[tokio::test]
async fn a_released_success_is_noticed_too() {
    let runs = Runs::default();
    let store = Arc::new(MemoryIdempotencyStore::new());
    let layer = IdempotencyLayer::new(Arc::clone(&store), super::user);
    let layer = layer.transactional(OnUnrecorded::Fail);
    let service = service(&layer, &runs, |number, request| async move {
        let mut response = order(number, request).await;
        response.extensions_mut().insert(Commit::Release);
        response
    });
    assert_eq!(send(&service, post("\"a\"")).await.status, 500);
    let key = crate::idempotency::IdempotencyKey::new("a").expect("a key");
    let scope = crate::idempotency::KeyScope::of_principal("alice");
    let id = crate::idempotency::RecordId::new(&scope, &key);
    let found = store.inspect(id).await.expect("an answer");
    let state = found.expect("a record").state;
    assert_eq!(state, KeyState::Sealed(SealReason::Policy));
}
