//! A read with a state header of the service's own, through a cache that knows no such header.

use http::StatusCode;

use crate::support::{Kind, notes_and_cache, through_each_cache};

through_each_cache! {
    the_latest_state_is_a_304
}

/// R-9110-15.4.5-d: the 304 reaches the client, and the cache takes it for no error.
async fn the_latest_state_is_a_304(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    let first = cache.get("/state", &[("x-notes-ref", "none")]).await;
    assert_eq!(first.status, StatusCode::OK);
    let latest = [("x-notes-ref", first.field("x-notes-ref").unwrap())];
    for _ in 0..2 {
        let again = cache.get("/state", &latest).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    }
}
