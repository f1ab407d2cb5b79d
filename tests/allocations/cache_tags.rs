//! The allocations of cache tags.

use http::Method;
use tower_conditional::{CacheTagsLayer, cache_tags::CacheTags};

use crate::support::{Handler, added};

/// A response without tags costs nothing. Otherwise the layer allocates the list against
/// duplicates, the text of the header, and the shared value made of it.
#[test]
fn cache_tags_cost_their_field() {
    let handler = Handler::new(1024, 1024);
    let nothing = CacheTagsLayer::new(CacheTags::new());
    for method in [Method::GET, Method::PUT, Method::OPTIONS] {
        assert_eq!(added(&nothing, &handler, &method, None).0, 0, "{method}");
    }
    let layer = CacheTagsLayer::new(CacheTags::of(["notes", "note-17"]).unwrap());
    assert_eq!(added(&layer, &handler, &Method::OPTIONS, None).0, 0);
    let read = added(&layer, &handler, &Method::GET, None).0;
    assert_eq!(read, 3);
}
