//! A function of extractors given as a source, without `source::axum`.

use axum::{
    extract::Path,
    routing::{get, put},
};
use tower_conditional::{EntityTag, VersionTags, resource::guard};

async fn read() {}
async fn write() {}

async fn version(Path(id): Path<i64>) -> EntityTag {
    VersionTags::of("notes", id).number(7)
}

fn main() {
    let _ = guard(version, get(read), put(write));
}
