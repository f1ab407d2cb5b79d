//! Tests of the notes of `axum_store`, with the suite of the other drivers.

#[path = "../../axum_store/error.rs"]
mod error;
#[path = "../../axum_store/note.rs"]
mod note;
mod suite;

use axum::{Router, routing::get};
use tower_conditional::VersionTags;
use tower_conditional_sqlite::Scope;

use note::{app, open, read, remove, replace};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_store() {
    let db = open(":memory:").await.unwrap();
    let methods = get(read).put(replace).delete(remove);
    let handlers = Router::new().route("/notes/{id}", methods);
    let tags = VersionTags::plain().scope(Scope::row("notes", 1));
    suite::check(app(db.clone()), handlers.with_state(db), tags).await;
}

#[test]
fn the_library_takes_few_lines() {
    let module = include_str!("../../axum_store/note.rs");
    suite::check_lines("../axum_store/note.rs", module);
}
