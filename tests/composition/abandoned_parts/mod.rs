//! Writes of several parts that go on without their client, and the purges after them.

mod buffers;
mod ends;
mod tasks;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, routing::any};
use http::{Method, Request, StatusCode};
use tokio::sync::Notify;
use tower::ServiceExt;
use tower_conditional::{
    CacheTagsLayer, IdempotencyLayer, PreconditionLayer, ValidatorCacheLayer,
    cache_tags::CacheTags,
    detached::Detached,
    lock::KeyedLock,
    purge::{Purge, PurgeQueue},
    store::{MemoryIdempotencyStore, MemoryValidatorStore},
    validator_cache::ValidatorCache,
};

use crate::support::{Fields, send};

const KEYED: Fields<'_> = &[("idempotency-key", "\"a\"")];

/// The entries of writes and purges, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn purges(&self) -> usize {
        let is_purge = |entry: &&String| entry.starts_with("purged");
        self.entries().iter().filter(is_purge).count()
    }

    fn queue(&self) -> PurgeQueue {
        let log = self.clone();
        let purger = move |purge: Purge| {
            let tags: Vec<_> = purge.tags().map(ToString::to_string).collect();
            log.add(format!("purged {}", tags.join(" ")));
            async { Ok::<_, Infallible>(()) }
        };
        PurgeQueue::new(purger)
    }
}

fn tags(name: &str, queue: &PurgeQueue) -> CacheTagsLayer<CacheTags> {
    CacheTagsLayer::new(CacheTags::of([name]).unwrap())
        .fields([])
        .purge(queue.clone())
}

/// A service that runs each write under a lock, to its end.
fn locked(service: Router, unfinished: &Detached) -> Router {
    let path = |request: &http::request::Parts| Some(request.uri.path().to_owned());
    let locks = PreconditionLayer::handler_checks().lock(KeyedLock::new(), path);
    service.layer(locks.detached(unfinished.clone()))
}

/// A stop in the middle of a write.
#[derive(Clone, Default)]
struct Pause {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Pause {
    async fn wait(&self) {
        self.begun.notify_one();
        self.go_on.notified().await;
    }

    /// Sends a write and leaves in the middle. Then something else happens, and the write goes on to
    /// its end.
    async fn leave(&self, app: &Router, unfinished: &Detached, between: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            _ = send(app, "PUT", "/", KEYED) => panic!("it waits"),
            () = self.begun.notified() => {}
        }
        between.await;
        self.go_on.notify_one();
        unfinished.idle().await;
    }
}

/// A service whose write stops in the middle.
fn writing(log: &Log, pause: &Pause) -> Router {
    let (log, pause) = (log.clone(), pause.clone());
    let handler = async move || {
        pause.wait().await;
        log.add("written");
        StatusCode::NO_CONTENT
    };
    Router::new().route("/", any(handler))
}

/// Sends a part of a write to a service.
async fn part(service: &Router, path: &str) -> StatusCode {
    let request = Request::put(path).body(Body::empty()).unwrap();
    service.clone().oneshot(request).await.unwrap().status()
}

/// R-9111-4.4-a: the first part has written, and the client leaves during the second. That is refused,
/// so the purge at the disconnect is the only one.
#[tokio::test]
async fn a_refused_part_does_not_stand_for_the_whole() {
    for is_locked in [true, false] {
        let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
        let queue = log.queue();
        let (written, second) = (log.clone(), pause.clone());
        let first = async move || {
            written.add("written");
            StatusCode::NO_CONTENT
        };
        let mut first = Router::new().route("/", any(first));
        if is_locked {
            first = locked(first, &unfinished);
        }
        let second = async move || {
            second.wait().await;
            StatusCode::CONFLICT
        };
        let second = locked(Router::new().route("/", any(second)), &unfinished);
        let both = async move || {
            assert_eq!(part(&first, "/").await, 204);
            part(&second, "/").await;
            StatusCode::MULTI_STATUS
        };
        let app = Router::new()
            .route("/", any(both))
            .layer(tags("orders", &queue));
        pause.leave(&app, &unfinished, queue.flush()).await;
        queue.flush().await;
        assert_eq!(log.entries(), ["written", "purged orders"], "{is_locked}");
    }
}

/// R-9111-4.4-a: both parts are detached, the first goes on longer and has written.
#[tokio::test]
async fn the_last_of_two_parts_ends_the_write() {
    let (log, unfinished) = (Log::default(), Detached::new());
    let queue = log.queue();
    let pauses = [Pause::default(), Pause::default()];
    let services = [(0, StatusCode::NO_CONTENT), (1, StatusCode::CONFLICT)].map(|(at, status)| {
        let pause = pauses[at].clone();
        let service = Router::new().route(
            "/",
            any(async move || {
                pause.wait().await;
                status
            }),
        );
        locked(service, &unfinished)
    });
    let both = async move || {
        tokio::join!(part(&services[0], "/"), part(&services[1], "/"));
        StatusCode::MULTI_STATUS
    };
    let app = Router::new()
        .route("/", any(both))
        .layer(tags("orders", &queue));
    tokio::select! {
        biased;
        _ = send(&app, "PUT", "/", &[]) => panic!("it waits"),
        () = async {
            pauses[0].begun.notified().await;
            pauses[1].begun.notified().await;
        } => {}
    }
    queue.flush().await;
    assert_eq!(log.purges(), 1, "the client has left");
    pauses[1].go_on.notify_one();
    while unfinished.len() > 1 {
        tokio::task::yield_now().await;
    }
    queue.flush().await;
    assert_eq!(log.purges(), 1, "the write goes on");
    pauses[0].go_on.notify_one();
    unfinished.idle().await;
    queue.flush().await;
    assert_eq!(log.entries(), ["purged orders", "purged orders"]);
}

/// R-9111-4.4-a: a panic after the client has left is an unknown end.
#[tokio::test]
async fn a_write_that_panics_without_its_client_is_purged() {
    for keyed in [true, false] {
        let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
        let queue = log.queue();
        let handler = {
            let (log, pause) = (log.clone(), pause.clone());
            async move || -> StatusCode {
                pause.wait().await;
                log.add("written");
                panic!("after the write");
            }
        };
        let app = Router::new().route("/", any(handler));
        let app = if keyed {
            let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new());
            app.layer(keys.methods([Method::PUT]).detached(unfinished.clone()))
        } else {
            locked(app, &unfinished)
        };
        let app = app.layer(tags("orders", &queue));
        pause.leave(&app, &unfinished, queue.flush()).await;
        queue.flush().await;
        let expected = ["purged orders", "written", "purged orders"];
        assert_eq!(log.entries(), expected, "{keyed}");
    }
}

/// R-9111-4.4-a: keys, remembered tags and a lock, each with work of its own, are one write. Its client
/// leaves once, and it ends once.
#[tokio::test]
async fn detached_work_within_detached_work_is_one_write() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queue = log.queue();
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).methods([Method::PUT]);
    let cache = ValidatorCache::new(MemoryValidatorStore::new()).detached(unfinished.clone());
    let app = locked(writing(&log, &pause), &unfinished)
        .layer(ValidatorCacheLayer::new(cache))
        .layer(keys.detached(unfinished.clone()))
        .layer(tags("orders", &queue));
    pause.leave(&app, &unfinished, queue.flush()).await;
    queue.flush().await;
    let expected = ["purged orders", "written", "purged orders"];
    assert_eq!(log.entries(), expected);
}

/// R-9111-4.4-a: layers inside and outside of the keys, with one queue each, both purge at the end. The
/// one outside sees the client leave.
#[tokio::test]
async fn layers_on_both_sides_of_keys_purge_at_the_end() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queue = log.queue();
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).methods([Method::PUT]);
    let app = writing(&log, &pause)
        .layer(tags("inside", &queue))
        .layer(keys.detached(unfinished.clone()))
        .layer(tags("outside", &queue));
    pause.leave(&app, &unfinished, queue.flush()).await;
    queue.flush().await;
    let entries = log.entries();
    assert_eq!(entries[..2], ["purged outside", "written"]);
    let purges = entries[2..].join(" ");
    for layer in ["inside", "outside"] {
        assert!(purges.contains(layer), "{layer}: {purges}");
    }
}
