//! A closure that returns a future, without the type of its argument.

use tower_conditional::{ConditionalLayer, VersionTags, source};

#[derive(Clone)]
struct Db;

impl Db {
    async fn version(&self, _path: &str) -> i64 {
        7
    }
}

fn main() {
    let db = Db;
    let version = source::from_fn(move |request| {
        let (db, path) = (db.clone(), request.uri.path().to_owned());
        async move {
            VersionTags::plain()
                .scope(&path)
                .number(db.version(&path).await)
        }
    });
    let _ = ConditionalLayer::new().source(version);
}
