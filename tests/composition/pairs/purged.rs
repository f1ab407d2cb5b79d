//! Purges of writes with keys, from a layer of tags outside.

use std::{
    convert::Infallible,
    future::pending,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{Extension, Router, http::StatusCode, response::IntoResponse, routing::any};
use futures_util::FutureExt;
use tower_conditional::{
    CacheTagsLayer, IdempotencyLayer,
    cache_tags::CacheTags,
    clock::ManualClock,
    idempotency::Commit,
    purge::{Purge, PurgeQueue},
    store::MemoryIdempotencyStore,
};

use super::{Count, Keys, keyed, keys, problem};

/// A layer of tags with a queue, and the number of its purges.
struct Purger {
    queue: PurgeQueue,
    sent: Count,
}

impl Purger {
    fn new() -> Self {
        let sent = Count::default();
        let log = sent.clone();
        let queue = PurgeQueue::new(move |_: Purge| {
            log.add();
            async { Ok::<_, Infallible>(()) }
        });
        Self { queue, sent }
    }

    /// Returns the handler below `keys`, with the tags outside.
    fn app<R: IntoResponse + 'static>(
        &self,
        keys: Keys,
        handler: impl Fn() -> R + Clone + Send + Sync + 'static,
    ) -> Router {
        let tags = CacheTags::of(["orders"]).unwrap();
        let tags = CacheTagsLayer::new(tags).purge(self.queue.clone());
        let handler = async move || handler();
        Router::new()
            .route("/", any(handler))
            .layer(keys)
            .layer(tags)
    }

    async fn sent(&self) -> usize {
        self.queue.flush().await;
        self.sent.get()
    }
}

/// R-9111-4.4-b: the handler wrote, and its key was lost meanwhile. The 409 does not say that it was
/// refused.
#[tokio::test]
async fn a_write_whose_key_was_lost_is_purged() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let purger = Purger::new();
    let slow = move || {
        clock.advance(Duration::from_secs(90 * 24 * 3600));
        "written"
    };
    let app = purger.app(IdempotencyLayer::for_anyone(Arc::new(store)), slow);
    let first = keyed(&app, "POST", "/", "a", &[]).await;
    assert_eq!((first.status, &*problem(&first)), (409, "outcome-unknown"));
    assert_eq!(purger.sent().await, 1);
}

/// R-9111-4.4-b: the purge of the first answer may be lost, so each answer about its write purges.
/// One about another request does not.
#[tokio::test]
async fn a_refused_retry_of_a_write_is_purged() {
    for (commit, status, name) in [
        (Commit::Seal, StatusCode::CREATED, "sealed"),
        (Commit::Unknown, StatusCode::CREATED, "outcome-unknown"),
        // The handler asked another service, which may have written.
        (Commit::Unknown, StatusCode::CONFLICT, "outcome-unknown"),
    ] {
        let purger = Purger::new();
        let app = purger.app(keys(), move || (status, Extension(commit)));
        let first = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!((first.status, purger.sent().await), (status.as_u16(), 1));
        let retry = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!((retry.status, &*problem(&retry)), (409, name));
        assert_eq!(purger.sent().await, 2, "{name} {status}");
        let other = keyed(&app, "DELETE", "/", "a", &[]).await;
        assert_eq!((other.status, &*problem(&other)), (422, "reused"));
        assert_eq!(purger.sent().await, 2, "{name} {status}");
    }
}

/// R-9111-4.4-b: a client that leaves purges at once, although the handler goes on. It may never end.
/// Another request that finds it running purges nothing.
#[tokio::test]
async fn a_handler_that_hangs_is_purged_at_the_disconnect() {
    let purger = Purger::new();
    let tags = CacheTagsLayer::new(CacheTags::new()).purge(purger.queue.clone());
    let app = Router::new().route("/", any(pending::<()>));
    let app = app.layer(keys()).layer(tags);
    {
        let mut first = pin!(keyed(&app, "POST", "/", "a", &[]));
        assert!(first.as_mut().now_or_never().is_none());
    }
    assert_eq!(purger.sent().await, 1);
    let second = keyed(&app, "POST", "/", "a", &[]).await;
    assert_eq!((second.status, &*problem(&second)), (409, "in-flight"));
    assert_eq!(purger.sent().await, 1);
}
