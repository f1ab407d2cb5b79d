//! `/stats`: how often each handler really ran, and how many purges came to nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Extension, Json, Router,
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde_json::json;
use tower_conditional::purge::PurgeQueue;

/// The runs of each handler, an extension of every request that a client sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Arc<Mutex<BTreeMap<String, u64>>>);

/// Counts each run of one of these handlers. Answers given by an outer layer do not count, nor
/// does the `GET` by which a layer finds out what a 412 shows: it has no extensions.
pub(crate) fn counted<S>(handlers: MethodRouter<S>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    handlers.route_layer(middleware::from_fn(count))
}

pub(crate) fn routes(runs: &Runs, purges: Option<PurgeQueue>) -> Router {
    Router::new()
        .route("/stats", get(show))
        .with_state((runs.clone(), purges))
}

async fn count(
    runs: Option<Extension<Runs>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    if let Some(Extension(Runs(runs))) = runs {
        let handler = format!("{} {}", request.method(), path.as_str());
        *runs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(handler)
            .or_default() += 1;
    }
    next.run(request).await
}

async fn show(State((Runs(runs), purges)): State<(Runs, Option<PurgeQueue>)>) -> impl IntoResponse {
    let runs = runs.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let policy = [(header::CACHE_CONTROL, "no-store")];
    let mut shown = json!({ "handler_runs": runs });
    if let Some(purges) = &purges {
        shown["purges"] = json!({ "dropped": purges.dropped(), "failed": purges.failed() });
    }
    (policy, Json(shown))
}
