//! Two small routes: a tag with a comma in it, and an answer that belongs to one caller.

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::{problem::Problem, stats::Stats};

pub(crate) fn routes(stats: &Stats) -> Router {
    Router::new()
        .route("/comma", stats.counted(get(comma)))
        .route("/private/me", stats.counted(get(me)))
}

/// The tag that a handler sets itself always wins.
async fn comma() -> impl IntoResponse {
    (
        [(header::ETAG, "\"a,b\"")],
        "a comma inside a tag separates nothing\n",
    )
}

async fn me(headers: HeaderMap) -> Response {
    match bearer(&headers) {
        Some(name) => Json(json!({ "name": name })).into_response(),
        None => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"notes\"")];
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "send Authorization: Bearer NAME");
            (challenge, problem).into_response()
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, name) = credentials.split_once(' ')?;
    let name = name.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !name.is_empty()).then_some(name)
}
