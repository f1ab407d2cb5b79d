//! A server over Redis on one thread: `redis --server URL`.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    http::{StatusCode, header},
    routing::{get, post},
};
use bytes::Bytes;
use redis::aio::ConnectionManager;
use tokio::net::TcpListener;
use tower_conditional::{
    IdempotencyLayer, ValidatorCacheLayer, detached::Detached, validator_cache::ValidatorCache,
};
use tower_conditional_bench::{drive::runtime, handler::OWN_TAG};
use tower_conditional_redis::RedisValidatorStore;

use crate::{
    connection::connect,
    steps::{Stores, WRITE_TTL},
};

/// The path of orders without a layer.
pub const BARE: &str = "/bare";
/// The path of orders with a key.
pub const ORDERS: &str = "/orders";
/// The path of a read that is remembered.
pub const NOTE: &str = "/notes/1";

const CONTENT: [u8; 256] = [b'x'; 256];

pub fn run(url: &str) {
    runtime().block_on(async {
        let stores = Stores::open(connect(url).await).await;
        let address = (Ipv4Addr::LOCALHOST, 0);
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        println!("listening on http://{address}");
        let server = axum::serve(listener, router(&stores));
        server.await.expect("a server");
    });
}

fn router(stores: &Stores<ConnectionManager>) -> Router {
    let keyed = IdempotencyLayer::for_anyone(stores.keys());
    let remembering = remembering(stores.validators(), WRITE_TTL, Detached::new());
    let note = || async { ([(header::ETAG, OWN_TAG)], Bytes::from_static(&CONTENT)) };
    Router::new()
        .route(ORDERS, post(order).layer(keyed))
        .route(NOTE, get(note).layer(remembering))
        .route(BARE, post(order))
}

async fn order(_: Bytes) -> (StatusCode, [(header::HeaderName, &'static str); 1], Bytes) {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::CREATED, json, Bytes::from_static(&CONTENT))
}

/// Returns the layer that remembers validators.
pub fn remembering<C>(
    store: RedisValidatorStore<C>,
    write_ttl: Duration,
    detached: Detached,
) -> ValidatorCacheLayer<RedisValidatorStore<C>>
where
    C: redis::aio::ConnectionLike + Clone + Send + Sync + 'static,
{
    let cache = ValidatorCache::new(store)
        .namespace("bench")
        .build_id("1")
        .write_ttl(write_ttl)
        .detached(detached);
    ValidatorCacheLayer::new(cache)
}
