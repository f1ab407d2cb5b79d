//! A router inside of a layer, served without `wrap` and `into_make_service`.

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tower::Layer;
use tower_conditional::stack;

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let app = Router::new().route("/", get(async || "hello"));
    axum::serve(listener, stack().layer(app)).await
}

fn main() {
    let _ = serve;
}
