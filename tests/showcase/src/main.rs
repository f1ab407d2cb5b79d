//! The notes example with everything that black-box checks need: PostgreSQL, Redis, caches that are
//! purged after writes, and routes for checks.

mod caches;
mod comma;
#[path = "../../../examples/notes/events.rs"]
mod events;
mod files;
mod handlers;
mod keys;
#[path = "../../../examples/notes/lost.rs"]
mod lost;
#[path = "../../../examples/notes/metrics.rs"]
mod metrics;
mod openapi;
mod options;
#[path = "../../../examples/notes/page/mod.rs"]
mod page;
mod planted;
mod postgres;
#[path = "../../../examples/notes/problem.rs"]
mod problem;
mod redis;
mod replicas;
#[path = "../../../examples/notes/routes.rs"]
mod routes;
#[path = "../../../examples/notes/server.rs"]
mod server;
#[path = "../../../examples/notes/store.rs"]
mod sqlite;
mod stats;
mod store;
mod stores;
mod streams;
mod trouble;

use std::{error::Error, process::ExitCode, time::Duration};

use axum::{Router, middleware::from_fn_with_state};
use tokio::{net::TcpListener, time};
use tower_conditional::{
    EtagLayer, ObserveLayer,
    cache_policy::{CachePolicy, Rule},
    detached::Detached,
    resource::wrap,
};

use options::Options;
use stats::{Runs, counted};
use store::Store;

/// The routes for checks, by their names in the metrics.
const CHECKS: [&str; 4] = ["/files/{name}", "/comma", "/stream", "/stats"];

/// The time that the response to a write waits for its purge.
const PURGE_TIMEOUT: Duration = Duration::from_secs(1);

async fn start(options: Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    let writes = Detached::new();
    let store = Store::open(&options, &writes).await?;
    let listen = options.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = listener.local_addr()?;
    let stop = server::stop()?;

    let router = stores::routes(&options, &store, &writes).await?;
    let (metrics, shown) = metrics::metrics(&options.build)?;
    let purges = options.caches.queue()?;
    let purges = purges.map(|purges| purges.observe(metrics.clone()));
    let mut tags = routes::tags()?;
    if let Some(purges) = purges.clone() {
        // After this wait, the writer's next read through a cache has the new content.
        tags = tags.purge(purges).purge_timeout(PURGE_TIMEOUT);
    }
    let files = CachePolicy::new("max-age=600".parse()?)?;
    let policies = routes::policies()?.rule(Rule::new(files).path("/files/{name}")?)?;
    let runs = Runs::default();
    let checks = Router::new()
        .merge(comma::routes())
        .merge(streams::routes(&store.changes, stop.clone()))
        .merge(stats::routes(&runs, purges.clone()))
        .merge(openapi::routes()?)
        .layer(EtagLayer::new());
    let (document, assets) = page::page(include_str!("routes.html"))?;
    let page = Router::new()
        .route("/", counted(document))
        .nest_service("/assets", assets)
        .route("/metrics", shown);
    let page = routes::compressed(page);
    let router = runs.of(router.merge(page).merge(checks));

    println!("listening on http://{address}");
    println!("{}", options::hints(address));
    let layers = (
        ObserveLayer::new(metrics).routes(metrics::ROUTES.into_iter().chain(CHECKS))?,
        from_fn_with_state(options.planted, planted::other_tags),
        page::mark_not_modified(),
        server::layers(tags, policies),
    );
    let app = wrap(server::with_fallbacks(router), layers);
    server::serve(listener, app, stop).await?;
    let _ = time::timeout(server::GRACE, writes.idle()).await;
    store.close().await;
    if let Some(purges) = purges {
        // Caches that do not answer keep stale responses until they expire.
        let _ = time::timeout(server::GRACE, purges.flush()).await;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match start(Options::from_arguments()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("showcase: {error}");
            ExitCode::FAILURE
        }
    }
}
