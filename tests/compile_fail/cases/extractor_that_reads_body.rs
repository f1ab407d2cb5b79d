//! An extractor that reads the body, which belongs to the handler.

use axum::extract::Path;
use tower_conditional::{ConditionalLayer, EntityTag, VersionTags, source};

async fn version(Path(id): Path<i64>, _content: String) -> EntityTag {
    VersionTags::of("notes", id).number(7)
}

fn main() {
    let _ = ConditionalLayer::new().source(source::axum(version));
}
