use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use tokio::{sync::Notify, task::JoinHandle};

use super::{Runs, Seen, layer, order, post, problem, send, service, waiting};
use crate::{
    detached::Detached,
    idempotency::{
        Commit, IdempotencyKey, IdempotencyLayer, KeyScope, OnLostAttempt, RecordId, Resolution,
    },
    store::{IdempotencyStore, MemoryIdempotencyStore},
    test_support::pass,
};

fn answer(status: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("answer"));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// The status of the retry, its problem type, and the number of executions.
async fn retry_after(layer: &IdempotencyLayer<super::Store>, status: u16) -> (bool, usize) {
    let runs = Runs::default();
    let service = service(layer, &runs, move |_, _| async move { answer(status) });
    assert_eq!(send(&service, post("\"a\"")).await.status, status);
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!(retry.status, status);
    (retry.replayed, runs.count())
}

/// P-ID-record-policy, R-8470-5.2-a: the answer of the default policy for each status.
#[tokio::test]
async fn each_status_is_recorded_or_released() {
    for status in [
        200, 201, 202, 204, 206, 301, 303, 400, 403, 404, 405, 406, 409, 410, 412, 413, 415, 416,
        422, 424, 451,
    ] {
        assert_eq!(retry_after(&layer(), status).await, (true, 1), "{status}");
    }
    for status in [
        304, 401, 407, 408, 411, 417, 421, 423, 425, 426, 428, 429, 431, 500, 502, 503, 504, 599,
    ] {
        assert_eq!(retry_after(&layer(), status).await, (false, 2), "{status}");
    }
}

/// P-ID-record-policy: a challenge asks for other credentials, as with too small a scope of a token
/// (RFC 6750, section 3.1). A success with a challenge is a success.
#[tokio::test]
async fn a_challenge_is_no_answer() {
    for (status, end) in [(403, (false, 2)), (400, (false, 2)), (200, (true, 1))] {
        let runs = Runs::default();
        let service = service(&layer(), &runs, move |_, _| async move {
            let mut response = answer(status);
            let challenge = "Bearer error=\"insufficient_scope\"".parse();
            let headers = response.headers_mut();
            headers.insert("www-authenticate", challenge.expect("a value"));
            response
        });
        send(&service, post("\"a\"")).await;
        let retry = send(&service, post("\"a\"")).await;
        assert_eq!((retry.replayed, runs.count()), end, "{status}");
    }
}

#[tokio::test]
async fn the_policy_can_be_changed() {
    let recorded = layer().on_server_error(Commit::Record);
    assert_eq!(retry_after(&recorded, 500).await, (true, 1));
    let by_status = layer()
        .commit_by_status(|status| (status == StatusCode::NOT_FOUND).then_some(Commit::Release));
    assert_eq!(retry_after(&by_status, 404).await, (false, 2));
    assert_eq!(retry_after(&by_status, 410).await, (true, 1));
    let runs = Runs::default();
    let sealed = service(
        &layer().on_server_error(Commit::Seal),
        &runs,
        |_, _| async { answer(500) },
    );
    assert_eq!(send(&sealed, post("\"a\"")).await.status, 500);
    let retry = send(&sealed, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "sealed"));
    assert_eq!(runs.count(), 1);
    // The handler has the last word.
    let runs = Runs::default();
    let own = service(&layer(), &runs, |_, _| async {
        let mut response = answer(200);
        response.extensions_mut().insert(Commit::Release);
        response
    });
    send(&own, post("\"a\"")).await;
    send(&own, post("\"a\"")).await;
    assert_eq!(runs.count(), 2);
}

fn spawn<S>(service: &S) -> JoinHandle<Seen>
where
    S: tower::Service<
            http::Request<Full<Bytes>>,
            Response = Response<crate::body::ResponseBody<Full<Bytes>>>,
            Error = std::convert::Infallible,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    let service = service.clone();
    tokio::spawn(async move { send(&service, post("\"a\"")).await })
}

/// P-ID-disconnect: the handler and its record outlive the connection.
#[tokio::test(start_paused = true)]
async fn a_client_that_disconnects_cancels_nothing() {
    let go_on = Arc::new(Notify::new());
    let runs = Runs::default();
    let detached = Detached::new();
    let service = service(&layer().detached(detached.clone()), &runs, waiting(&go_on));
    let first = spawn(&service);
    pass(Duration::from_secs(1)).await;
    first.abort();
    let _ = first.await;
    assert_eq!(detached.len(), 1);
    // Beyond the lease, which is renewed all the same.
    pass(Duration::from_secs(100)).await;
    let refused = send(&service, post("\"a\"")).await;
    assert_eq!((refused.status, problem(&refused)), (409, "in-flight"));
    go_on.notify_one();
    detached.idle().await;
    let retry = send(&service, post("\"a\"")).await;
    assert!(retry.replayed);
    assert_eq!(runs.count(), 1);
}

/// P-ID-panic: a panic is an unknown outcome at once, and until it is settled.
#[tokio::test]
async fn a_panic_is_an_unknown_outcome() {
    let store = Arc::new(MemoryIdempotencyStore::new());
    let layer = IdempotencyLayer::new(Arc::clone(&store), super::user);
    let runs = Runs::default();
    let service = service(&layer, &runs, |number, request| async move {
        assert!(number > 1, "the first run panics");
        order(number, request).await
    });
    let first = AssertUnwindSafe(send(&service, post("\"a\"")));
    assert!(futures_util::FutureExt::catch_unwind(first).await.is_err());
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
    assert_eq!(runs.count(), 1);
    // An operator finds that nothing had happened.
    let key = IdempotencyKey::new("a").expect("a key");
    let id = RecordId::new(&KeyScope::of_principal("alice"), &key);
    let found = store
        .inspect(id)
        .await
        .expect("an answer")
        .expect("a record");
    assert!(found.is_unknown);
    let resolved = store.resolve(id, found.fence, Resolution::Release).await;
    assert_eq!(resolved.expect("an answer"), super::super::Update::Applied);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    assert_eq!(runs.count(), 2);
}

/// P-ID-takeover: a handler that may run twice takes over by name.
#[tokio::test]
async fn a_lost_attempt_is_taken_over_by_name() {
    let runs = Runs::default();
    let layer = layer().on_lost_attempt(OnLostAttempt::Reexecute);
    let service = service(&layer, &runs, |number, request| async move {
        assert!(number > 1, "the first run panics");
        let attempt = super::attempt(&request);
        assert!(attempt.takes_over());
        assert_eq!((attempt.number(), attempt.fence()), (2, 2));
        order(number, request).await
    });
    let first = AssertUnwindSafe(send(&service, post("\"a\"")));
    assert!(futures_util::FutureExt::catch_unwind(first).await.is_err());
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    assert!(send(&service, post("\"a\"")).await.replayed);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_is_given_up() {
    let runs = Runs::default();
    let layer = layer().timeout(Duration::from_secs(60));
    let service = service(&layer, &runs, waiting(&Arc::new(Notify::new())));
    let started = tokio::time::Instant::now();
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, problem(&first)), (503, "timed-out"));
    assert_eq!(started.elapsed().as_secs(), 60);
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "outcome-unknown"));
}

/// P-ID-oversize: the first caller gets all of it, and nobody runs it again.
#[tokio::test]
async fn a_long_response_seals_its_key() {
    let runs = Runs::default();
    let layer = layer().max_response_bytes(1_000);
    let service = service(&layer, &runs, |_, _| async {
        Response::new(Full::from(vec![b'x'; 1_001]))
    });
    let first = send(&service, post("\"a\"")).await;
    assert_eq!((first.status, first.content.len()), (200, 1_001));
    let retry = send(&service, post("\"a\"")).await;
    assert_eq!((retry.status, problem(&retry)), (409, "sealed"));
    assert_eq!(runs.count(), 1);
}
