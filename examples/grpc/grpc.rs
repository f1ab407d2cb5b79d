//! gRPC and JSON on one port behind one stack. gRPC passes unchanged, and JSON gets tags and 304s.

use std::{env, io};

use axum::{Json, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tower_conditional::stack;

#[tokio::main]
async fn main() -> io::Result<()> {
    let (_reporter, health) = tonic_health::server::health_reporter();
    let app = Routes::new(health)
        .into_axum_router()
        .route("/status", get(status))
        .layer(stack());

    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/status -H 'If-None-Match: <the ETag>'");
    // The empty message of a gRPC request is a header of five zero bytes.
    println!("  head -c 5 /dev/zero | curl -v --http2-prior-knowledge --data-binary @- \\");
    println!("    -H 'content-type: application/grpc' -H 'te: trailers' \\");
    println!("    {url}/grpc.health.v1.Health/Check --output -");
    axum::serve(listener, app).await
}

async fn status() -> Json<Value> {
    Json(json!({ "status": "serving" }))
}
