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

/// The watch of a write has the allocation of its purge, whether the write is purged or not.
#[cfg(feature = "tokio")]
#[test]
fn a_purge_that_is_pending_costs_its_names() {
    use std::convert::Infallible;

    use http::StatusCode;
    use tokio::runtime::Builder;
    use tower_conditional::purge::{Purge, PurgeQueue};

    let handler = Handler::new(0, 1024).responding(StatusCode::CONFLICT);
    let runtime = Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    let queue = PurgeQueue::new(|_: Purge| async { Ok::<_, Infallible>(()) });
    let layer = CacheTagsLayer::new(CacheTags::new()).purge(queue);
    for method in [Method::GET, Method::OPTIONS] {
        assert_eq!(added(&layer, &handler, &method, None).0, 0, "{method}");
    }
    // The pending purge, and its target: the list, and the URI.
    assert_eq!(added(&layer, &handler, &Method::PUT, None).0, 3);
}
