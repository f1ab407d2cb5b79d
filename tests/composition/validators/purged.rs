//! Remembered tags, and a cache in front that is purged.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::put};
use http::StatusCode;
use tokio::sync::Notify;
use tower_conditional::{
    CacheTagsLayer, ValidatorCacheLayer,
    cache_tags::{CacheTags, TagField},
    detached::Detached,
    purge::{Purge, PurgeQueue},
    stack,
};

use super::cache;
use crate::support::send;

/// A write goes on without its client. With the tags inside, the purge comes after its end.
#[tokio::test(start_paused = true)]
async fn the_purge_of_an_announced_write_comes_after_it() {
    let (written, purged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (state, log) = (Arc::clone(&written), Arc::clone(&purged));
    let queue = PurgeQueue::new(move |_: Purge| {
        log.fetch_add(state.load(Ordering::SeqCst), Ordering::SeqCst);
        async { Ok::<_, Infallible>(()) }
    });
    let started = Arc::new(Notify::new());
    let (signal, write) = (Arc::clone(&started), Arc::clone(&written));
    let handler = move || async move {
        signal.notify_one();
        tokio::time::sleep(Duration::from_secs(5)).await;
        write.fetch_add(1, Ordering::SeqCst);
        StatusCode::NO_CONTENT
    };
    let unfinished = Detached::new();
    let layer = ValidatorCacheLayer::new(cache().detached(unfinished.clone()));
    let tags = CacheTagsLayer::new(CacheTags::of(["all"]).unwrap())
        .fields([TagField::Xkey])
        .purge(queue.clone());
    let router = Router::new().route("/", put(handler));
    let app = router.layer(tags).layer(stack().validators(layer));
    tokio::select! {
        biased;
        _ = send(&app, "PUT", "/", &[]) => panic!("it waits"),
        () = started.notified() => {}
    }
    unfinished.idle().await;
    queue.flush().await;
    assert_eq!(written.load(Ordering::SeqCst), 1);
    assert!(
        purged.load(Ordering::SeqCst) > 0,
        "no purge came after the write"
    );
}
