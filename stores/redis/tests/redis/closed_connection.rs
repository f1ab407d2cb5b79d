//! Connections that the server has closed, as its setting `timeout` does after idleness.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer, body::RequestBody, store::StoreErrorKind, store::validators::ValidatorStore,
};
use tower_conditional_redis::RedisValidatorStore;
use tower_conditional_testing::{Engine, RedisServer};

use crate::{
    support::{PATIENT, builder, connection, in_memory, prefix, text_of},
    validators::support::{key, name, reader},
};

/// Closes all connections but that of the command itself.
fn close_connections(server: &RedisServer) {
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
}

#[tokio::test]
async fn stores_open_over_a_connection_that_was_closed() {
    for engine in Engine::tested() {
        let server = in_memory(engine);
        let connection = connection(&server).await;
        close_connections(&server);
        let validators = RedisValidatorStore::builder().timeout(PATIENT);
        let opened = validators.open(connection.clone()).await;
        let opened = opened.map_err(|error| text_of(&error));
        assert!(opened.is_ok(), "{engine:?}: {opened:?}");
        close_connections(&server);
        let opened = builder(&prefix()).open(connection).await;
        let opened = opened.map_err(|error| text_of(&error));
        assert!(opened.is_ok(), "{engine:?}: {opened:?}");
    }
}

/// A reader runs its handler then, so the store does not repeat the lookup.
#[tokio::test]
async fn a_lookup_over_a_closed_connection_fails_once() {
    for engine in Engine::tested() {
        let server = in_memory(engine);
        let builder = RedisValidatorStore::builder().timeout(PATIENT);
        let store = builder.open(connection(&server).await).await;
        let store = store.expect("a store");
        close_connections(&server);
        let failed = store.lookup(key(1), Some(reader(1))).await;
        let error = failed.expect_err("a closed connection");
        assert_eq!(error.kind(), StoreErrorKind::Ambiguous, "{engine:?}");
        let found = store.lookup(key(1), Some(reader(2))).await;
        assert_eq!(name(&found.expect("an answer")), "written", "{engine:?}");
    }
}

/// The layer repeats the claim, and its client notices nothing.
#[tokio::test]
async fn a_request_runs_over_a_closed_connection() {
    for engine in Engine::tested() {
        let server = in_memory(engine);
        let store = builder(&prefix()).open(connection(&server).await).await;
        let layer = IdempotencyLayer::new(store.expect("a store"), |_: &Parts| Some("user"));
        let service = ServiceBuilder::new().layer(layer).service(service_fn(
            |_: Request<RequestBody<Full<Bytes>>>| async {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("done")))
            },
        ));
        close_connections(&server);
        let request = Request::post("/orders").header("idempotency-key", "\"0123456789abcdef\"");
        let request = request.body(Full::from("order")).expect("a request");
        let answer = service.oneshot(request).await.expect("a response");
        assert_eq!(answer.status(), StatusCode::OK, "{engine:?}");
    }
}
