//! A source that returns a version and no tag.

use http::request::Parts;
use tower_conditional::{ConditionalLayer, source};

async fn version(_: &Parts) -> Result<Option<i64>, std::io::Error> {
    Ok(Some(7))
}

fn main() {
    let _ = ConditionalLayer::new().source(source::from_fn(version));
}
