//! Extensions, task-locals and the tracing span of a request with a key.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{MatchedPath, OriginalUri, Path, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::sync::Notify;
use tower_conditional::{detached::Detached, stack};

use super::{Count, REPLAYED, exchange, keyed, keys};

#[derive(Clone)]
struct User(&'static str);

#[derive(Clone)]
struct Seen;

tokio::task_local! {
    static TENANT: &'static str;
}

/// Extensions of the layers outside, and those of the router, reach the handler.
#[tokio::test]
async fn extensions_reach_the_handler() {
    async fn tell(
        Extension(user): Extension<User>,
        matched: MatchedPath,
        OriginalUri(uri): OriginalUri,
        Path(id): Path<u32>,
    ) -> String {
        format!("{} {} {uri} {id}", user.0, matched.as_str())
    }
    let inner = Router::new()
        .route("/orders/{id}", post(tell))
        .route_layer(keys());
    let app = Router::new()
        .nest("/api", inner)
        .layer(Extension(User("ada")));
    let first = keyed(&app, "POST", "/api/orders/7", "a", &[]).await;
    let expected = "ada /api/orders/{id} /api/orders/7 7";
    assert_eq!(String::from_utf8_lossy(&first.body), expected);
    let retry = keyed(&app, "POST", "/api/orders/7", "a", &[]).await;
    assert_eq!(String::from_utf8_lossy(&retry.body), expected);
}

/// Extensions of a first response reach the layers outside.
#[tokio::test]
async fn extensions_of_the_response_reach_the_layers_outside() {
    async fn answer() -> Response {
        let mut response = "done".into_response();
        response.extensions_mut().insert(Seen);
        response
    }
    let mark = from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        if response.extensions().get::<Seen>().is_some() {
            response
                .headers_mut()
                .insert("x-seen", "1".parse().unwrap());
        }
        response
    });
    let app = Router::new()
        .route("/", post(answer))
        .layer(stack().idempotency(keys()))
        .layer(mark);
    assert_eq!(
        keyed(&app, "POST", "/", "a", &[]).await.field("x-seen"),
        Some("1")
    );
}

/// Task-locals of the layers outside are those of the handler while its client is there.
#[tokio::test]
async fn task_locals_reach_a_handler_with_a_key() {
    let tell = async || {
        tokio::task::yield_now().await;
        TENANT.with(|tenant| *tenant)
    };
    let scope =
        from_fn(async |request: Request, next: Next| TENANT.scope("one", next.run(request)).await);
    let app = Router::new()
        .route("/", post(tell))
        .layer(stack().idempotency(keys()))
        .layer(scope);
    for replayed in [None, Some("true")] {
        let reply = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!(
            (reply.status, &*reply.body, reply.field(REPLAYED)),
            (200, &b"one"[..], replayed)
        );
    }
}

/// P-ID-disconnect: without its client, a handler that reads a task-local panics in its task. The
/// outcome is unknown at once, and the count of unfinished work goes back to zero.
#[tokio::test(start_paused = true)]
async fn a_lost_task_local_is_an_unknown_outcome() {
    let started = Arc::new(Notify::new());
    let (signal, count) = (Arc::clone(&started), Count::default());
    let runs = count.clone();
    let tell = move || {
        let (signal, runs) = (Arc::clone(&signal), runs.clone());
        async move {
            runs.add();
            signal.notify_one();
            tokio::time::sleep(Duration::from_secs(5)).await;
            TENANT.with(|tenant| *tenant)
        }
    };
    let scope =
        from_fn(async |request: Request, next: Next| TENANT.scope("one", next.run(request)).await);
    let unfinished = Detached::new();
    let layer = keys().detached(unfinished.clone());
    let app = Router::new()
        .route("/", post(tell))
        .layer(layer)
        .layer(scope);
    tokio::select! {
        biased;
        _ = keyed(&app, "POST", "/", "a", &[]) => panic!("it waits"),
        () = started.notified() => {}
    }
    tokio::time::timeout(Duration::from_secs(60), unfinished.idle())
        .await
        .unwrap();
    let retry = keyed(&app, "POST", "/", "a", &[]).await;
    assert_eq!(
        (retry.status, &*super::problem(&retry)),
        (409, "outcome-unknown")
    );
    assert_eq!(count.get(), 1);
}

/// A handler calls its own service, with a clone of its extensions and another key. That is a
/// request of its own.
#[tokio::test]
async fn a_request_inside_of_a_request_has_its_own_key() {
    let count = Count::default();
    let orders = Router::new()
        .route("/orders", post(count.create()))
        .layer(keys());
    let target = orders.clone();
    let batch = move |request: Request| {
        let target = target.clone();
        async move {
            let mut statuses = Vec::new();
            for key in ["one", "two", "one"] {
                let mut part = Request::post("/orders")
                    .header("idempotency-key", format!("\"{key}\""))
                    .body(axum::body::Body::empty())
                    .unwrap();
                *part.extensions_mut() = request.extensions().clone();
                let reply = exchange(&target, part).await;
                statuses.push(format!("{} {:?}", reply.status, reply.field(REPLAYED)));
            }
            statuses.join(", ")
        }
    };
    let app = Router::new().route("/batch", post(batch)).layer(keys());
    let reply = keyed(&app, "POST", "/batch", "outer", &[]).await;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!(
        (count.get(), &*text),
        (2, "201 None, 201 None, 201 Some(\"true\")")
    );
}
