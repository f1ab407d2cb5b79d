//! A small notes service: a tag on every read, 304 for clients with the latest version, and writes
//! without lost updates.
//!
//! `routes` and `server` have the layers. The rest is an ordinary axum application.

mod events;
mod handlers;
mod lost;
mod metrics;
mod page;
mod problem;
mod routes;
mod server;
mod store;

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use clap::{Parser, builder::NonEmptyStringValueParser, value_parser};
use tokio::{net::TcpListener, time::timeout};
use tower_conditional::{
    ObserveLayer, detached::Detached, resource::wrap, store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use events::NoteChanges;
use store::Store;

/// A small notes service
#[derive(Debug, Parser)]
#[command(name = "notes", allow_negative_numbers = true)]
struct Options {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The SQLite database; in memory unless a file is named
    #[arg(long, default_value = ":memory:", value_parser = NonEmptyStringValueParser::new())]
    database: String,
    /// The number of notes in a new database
    #[arg(long, default_value = "100", value_parser = value_parser!(u32).range(..=100_000))]
    notes: u32,
    /// The layer that remembers the tags of pages, so that a 304 needs no handler
    #[arg(long, default_value = "cache", value_parser = ["cache", "none"])]
    validators: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let unfinished = Detached::new();
    let changes = NoteChanges::new(unfinished.clone());
    let store = Store::open(&options.database, options.notes, changes.clone()).await?;
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", options.listen))?;
    let stop = server::stop()?;

    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    print!(include_str!("hints.txt"), url = url);

    let cache = ValidatorCache::new(MemoryValidatorStore::new()).detached(unfinished.clone());
    let keys = routes::keys(&store, &unfinished);
    let router = routes::router(&store, keys, &cache, options.validators == "cache")?;
    let (document, assets) = page::page(include_str!("routes.html"))?;
    let (metrics, shown) = metrics::metrics(env!("CARGO_PKG_VERSION"))?;
    let page = Router::new()
        .route("/", document)
        .nest_service("/assets", assets)
        .route("/metrics", shown);
    let router = router
        .merge(routes::compressed(page))
        .route("/events", changes.feed(stop.clone()));
    let layers = server::layers(routes::tags()?, routes::policies()?);
    // Outside of the router, the layer has to be told the routes.
    let observe = ObserveLayer::new(metrics).routes(metrics::ROUTES)?;
    let layers = (observe, page::mark_not_modified(), layers);
    let app = wrap(server::with_fallbacks(router), layers);
    server::serve(listener, app, stop).await?;
    // Writes and orders whose clients have left.
    let _ = timeout(server::GRACE, unfinished.idle()).await;
    store.close().await;
    Ok(())
}
