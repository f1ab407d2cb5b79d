//! `/comma`: a tag with a comma in it.

use axum::{Router, http::header, response::IntoResponse, routing::get};

use crate::stats::counted;

pub(crate) fn routes() -> Router {
    Router::new().route("/comma", counted(get(comma)))
}

/// Returns content with a tag, which always wins.
async fn comma() -> impl IntoResponse {
    (
        [(header::ETAG, "\"a,b\"")],
        "a comma inside a tag separates nothing\n",
    )
}
