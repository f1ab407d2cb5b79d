//! A small notes service: a tag on every read, 304 for clients with the latest version, and writes
//! without lost updates.
//!
//! `routes` and `server` have the layers. The rest is an ordinary axum application.

mod events;
mod handlers;
mod metrics;
mod page;
mod problem;
mod routes;
mod server;
mod store;

use std::net::SocketAddr;

use anyhow::Context;
use axum::{Router, http::HeaderName};
use clap::{Parser, builder::NonEmptyStringValueParser, value_parser};
use tokio::{net::TcpListener, time::timeout};
use tower_conditional::{
    detached::Detached, resource::wrap, store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};
use tower_http::set_header::SetResponseHeaderLayer;

use events::Changes;
use metrics::Monitoring;
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
    let changes = Changes::new(unfinished.clone());
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
    let monitoring = Monitoring::new(env!("CARGO_PKG_VERSION"))?;
    tokio::spawn(monitoring.clone().upkeep());
    let page = Router::new()
        .route("/", document)
        .nest_service("/assets", assets)
        .merge(monitoring.routes());
    let router = router
        .merge(routes::compressed(page))
        .route("/events", changes.feed(stop.clone()));
    let layers = server::layers(routes::tags()?, routes::policies()?);
    let timing = HeaderName::from_static("server-timing");
    let mark = SetResponseHeaderLayer::appending(timing, page::timing);
    let layers = (monitoring.layer(&[])?, mark, layers);
    let app = wrap(server::with_fallbacks(router), layers);
    server::serve(listener, app, stop).await?;
    // Writes and orders whose clients have left.
    let _ = timeout(server::GRACE, unfinished.idle()).await;
    store.close().await;
    Ok(())
}
