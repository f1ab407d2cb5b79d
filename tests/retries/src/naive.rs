//! A middleware that looks for an answer, runs the handler, and keeps the answer.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use crate::orders::Database;

pub(crate) async fn get_run_set(
    State(database): State<Database>,
    request: Request,
    next: Next,
) -> Response {
    let key = request.headers().get("idempotency-key");
    let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default();
    let key = key.trim_matches('"').to_owned();
    if let Some(answer) = database.kept(&key).await.expect("a database") {
        return answered(answer);
    }
    let response = next.run(request).await;
    let content = to_bytes(response.into_body(), usize::MAX).await;
    let content = String::from_utf8(content.expect("the content").into()).expect("a text");
    database.keep(&key, &content).await.expect("a database");
    answered(content)
}

fn answered(content: String) -> Response {
    let mut response = Response::new(Body::from(content));
    *response.status_mut() = StatusCode::CREATED;
    response
}
