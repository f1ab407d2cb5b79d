//! Notes in SQLite. The store keeps their versions and guards their writes.
//!
//! ```sh
//! cargo run --example axum_store
//! ```

mod error;
mod note;

use std::error::Error;

use tokio::net::TcpListener;
use tower_conditional::{ConditionalLayer, resource::wrap};

use note::{app, open};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let db = open("axum_store.db").await?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/notes --data hello");
    println!("  curl -i {url}/notes/1");
    println!("  curl -i {url}/notes/1 -X PUT --data hi -H 'If-Match: <the ETag of that answer>'");
    // Without this layer, the router would add `content-length: 0` to a 304.
    let app = wrap(app(db), ConditionalLayer::new());
    Ok(axum::serve(listener, app.into_make_service()).await?)
}
