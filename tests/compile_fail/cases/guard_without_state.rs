//! A guarded resource given to a router without `with_state`.

use axum::{
    Router,
    extract::State,
    routing::{get, put},
};
use tower_conditional::{VersionTags, resource::guard, source};

#[derive(Clone)]
struct Db;

async fn read(State(_): State<Db>) {}
async fn write(State(_): State<Db>) {}

fn main() {
    let version = source::now(|_| VersionTags::of("notes", 1).number(7));
    let note = guard(version, get(read), put(write));
    let _: Router = Router::new().route("/notes/1", note).with_state(Db);
}
