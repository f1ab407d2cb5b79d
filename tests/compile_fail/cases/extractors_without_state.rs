//! A source with the extractor `State`, and without the state.

use axum::{
    Router,
    extract::State,
    routing::{get, put},
};
use tower_conditional::{EntityTag, VersionTags, resource::guard, source};

#[derive(Clone)]
struct Db;

async fn read(State(_): State<Db>) {}
async fn write(State(_): State<Db>) {}

async fn version(State(_): State<Db>) -> EntityTag {
    VersionTags::of("notes", 1).number(7)
}

fn main() {
    let note = guard(source::axum(version), get(read), put(write)).with_state(Db);
    let _: Router = Router::new().route("/notes/1", note);
}
