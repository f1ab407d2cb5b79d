//! A function of extractors given to `from_fn` in place of `source::axum`.

use axum::extract::Path;
use tower_conditional::{ConditionalLayer, EntityTag, VersionTags, source};

async fn version(Path(id): Path<i64>) -> EntityTag {
    VersionTags::of("notes", id).number(7)
}

fn main() {
    let _ = ConditionalLayer::new().source(source::from_fn(version));
}
