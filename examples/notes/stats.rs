//! `/stats`: how often each handler really ran, and how many purges came to nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde_json::json;
use tower_conditional::purge::PurgeQueue;

#[derive(Clone, Debug)]
pub(crate) struct Stats {
    handler_runs: Arc<Mutex<BTreeMap<String, u64>>>,
    purges: Option<PurgeQueue>,
}

impl Stats {
    pub(crate) fn new(purges: Option<PurgeQueue>) -> Self {
        Self {
            handler_runs: Arc::default(),
            purges,
        }
    }

    /// Counts each run of one of these handlers; answers given by an outer layer do not count.
    pub(crate) fn counted<S>(&self, handlers: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        handlers.route_layer(middleware::from_fn_with_state(self.clone(), count))
    }
}

pub(crate) fn routes(stats: &Stats) -> Router {
    Router::new()
        .route("/stats", get(show))
        .with_state(stats.clone())
}

async fn count(
    State(stats): State<Stats>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let handler = format!("{} {}", request.method(), path.as_str());
    *stats
        .handler_runs
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(handler)
        .or_default() += 1;
    next.run(request).await
}

async fn show(State(stats): State<Stats>) -> impl IntoResponse {
    let runs = stats
        .handler_runs
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let policy = [(header::CACHE_CONTROL, "no-store")];
    let mut shown = json!({ "handler_runs": runs });
    if let Some(purges) = &stats.purges {
        shown["purges"] = json!({ "dropped": purges.dropped(), "failed": purges.failed() });
    }
    (policy, Json(shown))
}
