//! Text given as a source of cache tags.

use tower_conditional::CacheTagsLayer;

fn main() {
    let _ = CacheTagsLayer::new("notes");
}
