//! A caller who loses access between the first request and its retry.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::post,
};
use http::StatusCode;
use tower::ServiceExt;
use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};

/// The user of a request, as the authentication outside leaves it.
#[derive(Debug, Clone)]
struct User(String);

/// Answers 401 without a user, and 403 to one who has lost access.
async fn authenticate(mut request: Request, next: Next) -> Response {
    let user = request.headers().get("x-user").cloned();
    match user.as_ref().and_then(|user| user.to_str().ok()) {
        None => StatusCode::UNAUTHORIZED.into_response(),
        Some("locked out") => StatusCode::FORBIDDEN.into_response(),
        Some(user) => {
            let user = User(user.to_owned());
            request.extensions_mut().insert(user);
            next.run(request).await
        }
    }
}

fn request(user: Option<&str>) -> Request {
    let request = Request::post("/orders").header("idempotency-key", "\"a\"");
    let request = match user {
        Some(user) => request.header("x-user", user),
        None => request,
    };
    request.body(Body::empty()).expect("a request")
}

/// R-IK07-5-b: without access there is no recorded response, and users share no keys.
#[tokio::test]
async fn a_caller_without_access_gets_no_recorded_response() {
    let layer = IdempotencyLayer::new(MemoryIdempotencyStore::new(), |request| {
        request.extensions.get::<User>().map(|user| user.0.clone())
    });
    let runs = Arc::new(AtomicUsize::new(0));
    let handler_runs = Arc::clone(&runs);
    let handler = move || async move { handler_runs.fetch_add(1, Ordering::SeqCst).to_string() };
    let orders = Router::new()
        .route("/orders", post(handler).layer(layer))
        .layer(from_fn(authenticate));
    let table = [
        (Some("alice"), 200, 1),
        (Some("alice"), 200, 1),
        (None, 401, 1),
        (Some("locked out"), 403, 1),
        (Some("bob"), 200, 2),
    ];
    for (user, status, expected_runs) in table {
        let response = orders.clone().oneshot(request(user)).await;
        let response = response.expect("a response");
        assert_eq!(response.status(), status, "{user:?}");
        assert_eq!(runs.load(Ordering::SeqCst), expected_runs, "{user:?}");
    }
}
