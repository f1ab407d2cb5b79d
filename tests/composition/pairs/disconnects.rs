//! A client that leaves at each poll of a request with a key, through every stack.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio_stream::StreamExt;
use tower_conditional::{
    CacheTagsLayer, PreconditionLayer, ValidatorCacheLayer, VersionTags,
    cache_tags::{CacheTags, TagField},
    detached::Detached,
    lock::KeyedLock,
    purge::{Purge, PurgeQueue},
    source, stack,
    store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use super::{Count, exchange, keys, problem};
use crate::support::send;

/// Content in three frames that are not ready at once.
fn slow_content() -> Body {
    let frames = tokio_stream::iter(["one ", "two ", "three"]).then(|text| async move {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(Frame::data(Bytes::from(text)))
    });
    Body::new(StreamBody::new(Box::pin(frames)))
}

struct Site {
    app: Router,
    version: Count,
    unfinished: Detached,
    lock: KeyedLock,
    queue: PurgeQueue,
    /// The number of purges that came after the write.
    purged: Count,
}

fn site(number: usize) -> Site {
    let (version, unfinished, lock, purged) = (
        Count::default(),
        Detached::new(),
        KeyedLock::new(),
        Count::default(),
    );
    let (log, state) = (purged.clone(), version.clone());
    let queue = PurgeQueue::new(move |_: Purge| {
        if state.get() > 0 {
            log.add();
        }
        async { Ok::<_, Infallible>(()) }
    });
    let (read, write) = (version.clone(), version.clone());
    let read = move || std::future::ready(format!("version {}", read.get()));
    let write = move |content: String| {
        let write = write.clone();
        async move {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            assert_eq!(content, "one two three");
            write.add();
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            (StatusCode::CREATED, "written")
        }
    };
    let state = version.clone();
    let versions = source::from_fn(move |_: &http::request::Parts| {
        let state = state.clone();
        async move {
            tokio::task::yield_now().await;
            VersionTags::plain().number(state.get() as i64)
        }
    });
    let guard = PreconditionLayer::new(versions);
    let locked = guard
        .clone()
        .lock(lock.clone(), |request| Some(request.uri.path().to_owned()))
        .detached(unfinished.clone());
    let keys = keys().detached(unfinished.clone());
    let cache = ValidatorCache::new(MemoryValidatorStore::new()).detached(unfinished.clone());
    let cache = ValidatorCacheLayer::new(cache).collapse(Duration::from_secs(1));
    let tags = CacheTagsLayer::new(CacheTags::of(["all"]).unwrap())
        .fields([TagField::Xkey])
        .purge(queue.clone());
    let router = Router::new().route("/", get(read).put(write)).layer(tags);
    let app = match number {
        0 => router.layer(keys),
        1 => router.layer(stack().idempotency(keys).precondition(guard)),
        2 => router.layer(stack().idempotency(keys).precondition(locked)),
        3 => router.layer(stack().idempotency(keys).validators(cache)),
        4 => router.layer(
            stack()
                .idempotency(keys)
                .precondition(locked)
                .validators(cache),
        ),
        // The lock, and the cache, around the keys.
        5 => router.layer(keys).layer(
            PreconditionLayer::handler_checks()
                .lock(lock.clone(), |request| Some(request.uri.path().to_owned()))
                .detached(unfinished.clone()),
        ),
        _ => router.layer(keys).layer(stack().validators(cache)),
    };
    Site {
        app,
        version,
        unfinished,
        lock,
        queue,
        purged,
    }
}

fn put() -> Request<Body> {
    let request = Request::put("/")
        .header("idempotency-key", "\"a\"")
        .header("if-match", "\"0\"");
    request.body(slow_content()).unwrap()
}

/// P-ID-disconnect: the client leaves after any number of polls. A retry finds one effect, one answer
/// and one purge after it. Nothing is left behind: no lock, no task, no remembered tag.
#[tokio::test(start_paused = true)]
async fn a_client_may_leave_at_any_poll() {
    for number in 0..7 {
        let mut polls = 0;
        loop {
            let site = site(number);
            let full = send(&site.app, "GET", "/", &[]).await;
            let known = [("if-none-match", full.field("etag").unwrap_or("\"none\""))];
            send(&site.app, "GET", "/", &known).await;
            let mut first: Pin<Box<dyn Future<Output = _>>> = Box::pin(exchange(&site.app, put()));
            let mut is_over = false;
            for _ in 0..polls {
                is_over = first.as_mut().now_or_never().is_some();
                if is_over {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(first);
            let rest = tokio::time::timeout(Duration::from_secs(600), site.unfinished.idle()).await;
            assert!(rest.is_ok(), "{number} {polls}");
            let retry = exchange(&site.app, put()).await;
            assert_eq!(
                (retry.status, &*problem(&retry)),
                (201, ""),
                "{number} {polls}"
            );
            assert_eq!(
                (retry.body.as_slice(), site.version.get()),
                (&b"written"[..], 1),
                "{number} {polls}"
            );
            site.unfinished.idle().await;
            site.queue.flush().await;
            assert!(
                site.purged.get() >= 1,
                "{number} {polls}: no purge after the write"
            );
            assert!(site.lock.is_empty(), "{number} {polls}");
            let next = send(&site.app, "GET", "/", &known).await;
            assert_eq!(
                (next.status, next.body.as_slice()),
                (200, &b"version 1"[..]),
                "{number} {polls}"
            );
            polls += 1;
            if is_over {
                break;
            }
            assert!(polls < 200, "{number}");
        }
        assert!(polls > 8, "{number}");
    }
}

/// The same client leaves again and again, each time one poll later. In the end there is one effect.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_again_and_again_writes_once() {
    for number in [0, 2, 4, 6] {
        let site = Arc::new(site(number));
        for polls in 0..40 {
            let mut attempt: Pin<Box<dyn Future<Output = _>>> =
                Box::pin(exchange(&site.app, put()));
            for _ in 0..polls {
                if let Some(reply) = attempt.as_mut().now_or_never() {
                    assert!(
                        [201, 409, 503].contains(&reply.status),
                        "{number} {polls} {}",
                        reply.status
                    );
                    break;
                }
            }
        }
        site.unfinished.idle().await;
        let reply = exchange(&site.app, put()).await;
        assert_eq!((reply.status, site.version.get()), (201, 1), "{number}");
    }
}
