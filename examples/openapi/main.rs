//! An OpenAPI document that declares 304, 412, 428, 409 and 422 once, for all routes with the layers.
//!
//! `layers` is meant to be copied. The attributes of the handlers have only the responses of the
//! handlers themselves, and name the layers around them.

mod handlers;
mod layers;

use axum::{
    Json, Router,
    routing::{get, post, put},
};
use tokio::net::TcpListener;
use tower_conditional::{
    IdempotencyLayer,
    resource::{guard, wrap},
    source, stack,
    store::MemoryIdempotencyStore,
};
use utoipa::OpenApi;

use handlers::{Db, place, read, version, write};
use layers::LayerDocs;

#[derive(OpenApi)]
#[openapi(
    info(title = "Notes and orders", version = "1.0.0"),
    paths(handlers::read, handlers::write, handlers::place),
    modifiers(&LayerDocs)
)]
struct Api;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let db = Db::with_a_note();
    let version = source::axum(version).with_state(db.clone());
    let note = guard(version, get(read), put(write)).configure_writes(|layer| layer.creates([]));
    // With authentication, the closure returns the name of the caller.
    let keys = IdempotencyLayer::new(MemoryIdempotencyStore::new(), |_| Some("anyone"));
    let document = Json(Api::openapi());
    let router = Router::new()
        .route("/notes/{id}", note.with_state(db.clone()))
        .route("/orders", post(place).route_layer(keys.require_key()))
        .route("/openapi.json", get(async || document))
        .with_state(db);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl {url}/openapi.json");
    println!("  curl -i {url}/notes/1");
    println!("  curl -i {url}/orders --json '{{\"item\":\"tea\"}}' -H 'Idempotency-Key: \"a\"'");
    axum::serve(listener, wrap(router, stack()).into_make_service()).await
}
