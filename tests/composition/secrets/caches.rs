//! Remembered validators, and the purges of caches.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::body::Body;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    CacheTagsLayer, ValidatorCacheLayer,
    cache_tags::{CacheTag, CacheTags, TagField},
    purge::{HttpPurger, Purge, PurgeLimits, PurgeQueue},
    stack,
    store::{FaultyStore, MemoryValidatorStore},
    validator_cache::ValidatorCache,
};
use tracing::subscriber::set_default;

use super::{PATH, Texts, answer, request, send, user};

#[tokio::test]
async fn purges_and_tags_of_caches_tell_no_secrets() {
    let texts = Texts::default();
    let _subscribed = set_default(texts.events.clone());
    let limits = || PurgeLimits::new().max_queued(1)?.max_attempts(1);
    let tag = CacheTag::new("secret-tag").unwrap();
    let purge = |target: &'static str| {
        let target = Uri::from_static(target);
        Purge::new().with_tags([&tag]).with_target(target)
    };
    let gone = |_: Purge| async { Err::<(), _>("the cache is gone") };
    let queue = PurgeQueue::with_limits(gone, limits().unwrap());
    let first = queue.enqueue(purge(PATH));
    assert!(queue.enqueue(purge(PATH)).await.is_err());
    assert!(first.await.is_err());
    texts.assert_told(&["too many purges", "the cache is gone"]);

    // A target that is not sent, since it may be a pattern.
    let cache =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::empty())));
    let purger = HttpPurger::purge_urls(cache, Uri::from_static("http://cache")).unwrap();
    let queue = PurgeQueue::with_limits(purger, limits().unwrap());
    assert!(
        queue
            .enqueue(purge("/secret-path/*?token=secret"))
            .await
            .is_err()
    );
    texts.assert_told(&["a target is not sent: `*` is a pattern to some caches"]);

    let tags = CacheTags::of((0..40).map(|at| format!("secret-tag-{at}"))).unwrap();
    let layer = CacheTagsLayer::new(tags).fields([TagField::CacheGroups]);
    let handler = service_fn(async |request: Request<_>| Ok::<_, Infallible>(answer(&request)));
    assert_eq!(
        send(&layer.layer(handler), request("GET", None, "\"v\"")).await,
        Some(200)
    );
    texts.assert_told(&["more cache tags"]);
}

/// Runs the tasks of this thread, such as a step of a store that no response waits for.
async fn run_tasks() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn validators_tell_no_secrets() {
    let texts = Texts::default();
    let _subscribed = set_default(texts.events.clone());
    let written = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&written);
    let handler = service_fn(move |request: Request<_>| {
        let mut response = answer(&request);
        if state.load(Ordering::Relaxed) {
            let tag = HeaderValue::from_static("\"secret-tag-2\"");
            response.headers_mut().insert("etag", tag);
        }
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let get = || request("GET", None, "\"secret-tag\"");
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let layer = ValidatorCacheLayer::new(cache).principal(user).sample(1.0);
    let service = stack()
        .validators(layer)
        .observe_with(texts.observe())
        .layer(handler.clone());
    // A write that comes before the end of the content of a read.
    let full = || request("GET", None, "\"secret-other\"");
    let response = service.clone().oneshot(full()).await.unwrap();
    assert_eq!(
        send(&service, request("PUT", None, "\"v\"")).await,
        Some(200)
    );
    response.into_body().collect().await.unwrap();
    run_tasks().await;
    texts.take();
    assert_eq!(send(&service, full()).await, Some(200));
    assert_eq!(send(&service, get()).await, Some(304));
    written.store(true, Ordering::Relaxed);
    assert_eq!(send(&service, get()).await, Some(200));
    run_tasks().await;
    texts.assert_told(&["a remembered tag is stale"]);

    let refusing = FaultyStore::new(MemoryValidatorStore::new(), 1).refusals(1.0);
    let layer = ValidatorCacheLayer::new(ValidatorCache::new(refusing)).principal(user);
    let service = stack()
        .validators(layer)
        .observe_with(texts.observe())
        .layer(handler);
    assert_eq!(send(&service, get()).await, Some(200));
    send(&service, request("PUT", None, "\"v\"")).await;
    texts.assert_told(&["step=lookup", "step=begin_write"]);
}
