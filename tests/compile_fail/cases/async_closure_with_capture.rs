//! An async closure that captures: it lends to its future, which a source may not.

use tower_conditional::{ConditionalLayer, VersionTags, source};

#[derive(Clone)]
struct Db;

impl Db {
    async fn version(&self) -> i64 {
        7
    }
}

fn main() {
    let db = Db;
    let version =
        source::from_fn(async move |_| VersionTags::of("notes", 1).number(db.version().await));
    let _ = ConditionalLayer::new().source(version);
}
