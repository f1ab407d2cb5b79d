//! An async closure given to `now`, which does not wait.

use tower_conditional::{ConditionalLayer, VersionTags, source};

fn main() {
    let version = source::now(async |_| VersionTags::of("notes", 1).number(7));
    let _ = ConditionalLayer::new().source(version);
}
