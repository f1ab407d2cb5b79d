//! A closure given to `from_fn` that returns the state and no future.

use http::request::Parts;
use tower_conditional::{ConditionalLayer, VersionTags, source};

fn main() {
    let version = source::from_fn(|_: &Parts| VersionTags::of("notes", 1).number(7));
    let _ = ConditionalLayer::new().source(version);
}
