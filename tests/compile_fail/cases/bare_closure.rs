//! A closure given as a source, without `source::now` or `source::from_fn`.

use http::request::Parts;
use tower_conditional::{ConditionalLayer, VersionTags};

fn main() {
    let _ = ConditionalLayer::new().source(|_: &Parts| VersionTags::of("notes", 1).number(7));
}
