//! Notes in SQLite that nobody overwrites without having seen them.
//!
//! ```sh
//! cargo run --manifest-path examples/axum_sqlx/Cargo.toml
//! curl -i 127.0.0.1:3000/notes --data hello
//! curl -i 127.0.0.1:3000/notes/1
//! curl -i 127.0.0.1:3000/notes/1 -X PUT --data hi -H 'If-Match: "the tag"'
//! ```

mod error;
mod note;
#[cfg(test)]
mod tests;

use std::error::Error;

use axum::{
    Router,
    routing::{get, post, put},
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tokio::net::TcpListener;
use tower_conditional::{
    ConditionalLayer,
    resource::{guard, wrap},
    source,
};

use note::{create, read, remove, replace};

/// The wiring: which handlers read a note, which write it, and which tells its version.
fn app(db: SqlitePool) -> Router {
    let version = source::axum(note::version).with_state(db.clone());
    let note = guard(version, get(read), put(replace).delete(remove));
    Router::new()
        .route("/notes", post(create))
        .route("/notes/{id}", note.with_state(db.clone()))
        .with_state(db)
}

async fn open(path: &str) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let db = SqlitePool::connect_with(options).await?;
    sqlx::query(note::SCHEMA).execute(&db).await?;
    Ok(db)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let db = open("notes.sqlite").await?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    // A 304 without the length that a router writes.
    let app = wrap(app(db), ConditionalLayer::new());
    Ok(axum::serve(listener, app.into_make_service()).await?)
}
