//! Claims that a server runs long after nobody waits for them.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use tokio::time::{pause, resume, sleep, timeout};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_conditional::{IdempotencyLayer, body::RequestBody, detached::Detached};
use tower_conditional_testing::Engine;

use crate::support::{PATIENT, builder, connection, in_memory, prefix};

const LEASE: Duration = Duration::from_secs(10);
const KEY: &str = "\"0123456789abcdef\"";

/// The server hangs for longer than the layer tries to give a claim back. Then it runs the claim
/// of a request that was refused with "this request was not performed".
#[tokio::test]
async fn a_claim_that_runs_after_a_long_pause_does_not_block_its_key() {
    for engine in Engine::tested() {
        claim_late(engine).await;
    }
}

async fn claim_late(engine: Engine) {
    let server = in_memory(engine);
    let store = builder(&prefix()).timeout(LEASE);
    let store = store.open(connection(&server).await).await;
    let layer = IdempotencyLayer::new(store.expect("a store"), |_: &Parts| Some("user"));
    let detached = Detached::new();
    let service = ServiceBuilder::new()
        .layer(layer.lease(LEASE).detached(detached.clone()))
        .service(service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("done")))
        }));
    let post = async |key: &str| {
        let request = Request::post("/orders").header("idempotency-key", key);
        let request = request.body(Full::from("order")).expect("a request");
        let answer = service.clone().oneshot(request).await;
        answer.expect("a response").status()
    };
    // The server has the script from now on.
    assert_eq!(post("\"another-0123456789\"").await, StatusCode::OK);
    server.pause();
    pause();
    assert_eq!(post(KEY).await, StatusCode::SERVICE_UNAVAILABLE);
    // The clock of the layer is paused, so this moves it. That of the server stands still.
    sleep(60 * LEASE).await;
    resume();
    server.resume();
    let has_ended = timeout(PATIENT, detached.idle()).await;
    assert!(has_ended.is_ok(), "{engine:?}: nobody got the late claim");
    assert_eq!(post(KEY).await, StatusCode::OK, "{engine:?}");
}
