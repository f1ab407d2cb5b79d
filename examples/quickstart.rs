//! Tags and `304 Not Modified` for every route of an axum application: one line.

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_conditional::stack;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/hello", get(hello)).layer(stack());

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/hello");
    println!("  curl -i {url}/hello -H 'If-None-Match: <the ETag of that answer>'");
    axum::serve(listener, app).await
}

async fn hello() -> Json<Value> {
    Json(json!({ "hello": "world" }))
}
