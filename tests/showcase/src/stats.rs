//! `/stats`: the number of runs of each handler, and of purges that were dropped or failed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::{Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde_json::json;
use tower_conditional::purge::PurgeQueue;

/// The number of runs of each handler.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Arc<Mutex<BTreeMap<String, u64>>>);

/// The counters, as an extension of every request of a client, and its method.
#[derive(Clone, Debug)]
struct Counter {
    runs: Runs,
    method: Method,
}

impl Runs {
    /// Makes the handlers of a router count their runs.
    pub(crate) fn of(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), prepare))
    }
}

async fn prepare(State(runs): State<Runs>, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    request.extensions_mut().insert(Counter { runs, method });
    next.run(request).await
}

/// Counts each run of one of these handlers, like [`count`].
pub(crate) fn counted<S>(handlers: MethodRouter<S>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    handlers.route_layer(middleware::map_request(async |request: Request| {
        count(&request);
        request
    }))
}

/// Counts a run of the handler of this request. Responses of an outer layer do not count, and
/// neither does the `GET` by which a layer reads the representation for a 412.
pub(crate) fn count(request: &Request) {
    let extensions = request.extensions();
    let (Some(counter), Some(path)) =
        (extensions.get::<Counter>(), extensions.get::<MatchedPath>())
    else {
        return;
    };
    if counter.method == request.method() {
        let handler = format!("{} {}", request.method(), path.as_str());
        let mut runs = counter
            .runs
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *runs.entry(handler).or_default() += 1;
    }
}

pub(crate) fn routes(runs: &Runs, purges: Option<PurgeQueue>) -> Router {
    Router::new()
        .route("/stats", get(show))
        .with_state((runs.clone(), purges))
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
