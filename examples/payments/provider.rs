//! The card provider: the service of another company, which knows idempotency keys too.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use tokio::net::TcpListener;
use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};

/// Starts the provider. Returns its address, and the number of its charges.
pub(crate) async fn start() -> io::Result<(SocketAddr, Arc<AtomicUsize>)> {
    let charges = Arc::new(AtomicUsize::new(0));
    // It has one customer. With several, each needs its own keys.
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).require_key();
    let router = Router::new()
        .route("/charges", post(charge).route_layer(keys))
        .with_state(Arc::clone(&charges));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok((address, charges))
}

async fn charge(State(charges): State<Arc<AtomicUsize>>) -> StatusCode {
    charges.fetch_add(1, Ordering::SeqCst);
    StatusCode::CREATED
}
