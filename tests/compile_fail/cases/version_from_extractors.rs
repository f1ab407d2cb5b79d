//! A source of extractors that returns a version and no tag.

use axum::extract::Path;
use tower_conditional::{ConditionalLayer, source};

async fn version(Path(_): Path<i64>) -> Option<i64> {
    Some(7)
}

fn main() {
    let _ = ConditionalLayer::new().source(source::axum(version));
}
