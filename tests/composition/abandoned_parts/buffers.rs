//! Writes behind buffers, and the tags outside of them.

use std::future::Future;

use axum::{Router, body::Body, routing::any};
use http::{Method, Request, Response, StatusCode};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_conditional::{
    IdempotencyLayer, detached::Detached, purge::PurgeQueue, store::MemoryIdempotencyStore,
};

use super::{Log, Pause, locked, tags, writing};
use crate::support::send;

pub(super) type Reply = Response<Body>;

/// A service of any kind that tests call.
pub(super) trait App:
    Service<Request<Body>, Response = Reply, Error: Into<BoxError>, Future: Send> + Clone + Send
{
}

impl<S> App for S where
    S: Service<Request<Body>, Response = Reply, Error: Into<BoxError>, Future: Send> + Clone + Send
{
}

/// Sends a write, and polls it until something has happened. Then its client leaves.
pub(super) async fn leave<S: App>(app: &S, path: &str, until: impl Future<Output = ()>) {
    let request = Request::put(path).body(Body::empty()).unwrap();
    tokio::select! {
        biased;
        _ = app.clone().oneshot(request) => panic!("it waits"),
        () = until => {}
    }
}

/// Waits until each of the queues has sent its purges. Queues would join those of each other.
pub(super) async fn flush(queues: &[PurgeQueue]) {
    for queue in queues {
        queue.flush().await;
    }
}

/// R-9111-4.4-a: a chain of tags and buffers. Each of the tags purges as the client leaves, and at the
/// end.
#[tokio::test]
async fn each_of_a_chain_of_buffers_is_told_of_the_end() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queues = [(); 3].map(|()| log.queue());
    let app = ServiceBuilder::new()
        .layer(tags("a", &queues[0]))
        .buffer(1)
        .layer(tags("b", &queues[1]))
        .buffer(1)
        .buffer(1)
        .layer(tags("c", &queues[2]))
        .buffer(1)
        .service(locked(writing(&log, &pause), &unfinished));
    leave(&app, "/", pause.begun.notified()).await;
    flush(&queues).await;
    let mut left = log.entries();
    left.sort();
    assert_eq!(left, ["purged a", "purged b", "purged c"]);
    pause.go_on.notify_one();
    unfinished.idle().await;
    flush(&queues).await;
    let mut ended = log.entries().split_off(3);
    assert_eq!(ended.remove(0), "written");
    ended.sort();
    assert_eq!(ended, ["purged a", "purged b", "purged c"]);
}

/// R-9111-4.4-b: tags on both sides of a buffer do not purge again for a write that was refused.
#[tokio::test]
async fn a_refusal_behind_a_buffer_is_not_purged_at_its_end() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queues = [(); 2].map(|()| log.queue());
    let handler = {
        let pause = pause.clone();
        async move || {
            pause.wait().await;
            StatusCode::CONFLICT
        }
    };
    let app = ServiceBuilder::new()
        .layer(tags("a", &queues[0]))
        .buffer(1)
        .layer(tags("b", &queues[1]))
        .service(locked(Router::new().route("/", any(handler)), &unfinished));
    leave(&app, "/", pause.begun.notified()).await;
    flush(&queues).await;
    assert_eq!(log.purges(), 2);
    pause.go_on.notify_one();
    unfinished.idle().await;
    flush(&queues).await;
    assert_eq!(log.purges(), 2);
}

/// One buffer hands on the writes of two clients. The end of one says nothing about the other.
#[tokio::test]
async fn two_writes_behind_one_buffer_are_told_apart() {
    let (log, unfinished) = (Log::default(), Detached::new());
    let pauses = [Pause::default(), Pause::default()];
    let queues = [(); 2].map(|()| log.queue());
    let add = |app: Router, (at, pause): (usize, &Pause)| {
        let (log, pause) = (log.clone(), pause.clone());
        let handler = async move || {
            pause.wait().await;
            log.add(format!("written {at}"));
            StatusCode::NO_CONTENT
        };
        app.route(&format!("/{at}"), any(handler))
    };
    let service = pauses.iter().enumerate().fold(Router::new(), add);
    let app = ServiceBuilder::new()
        .layer(tags("a", &queues[0]))
        .buffer(4)
        .layer(tags("b", &queues[1]))
        .service(locked(service, &unfinished));
    let stays = tokio::spawn({
        let app = app.clone();
        async move { send(&app, "PUT", "/1", &[]).await.status }
    });
    pauses[1].begun.notified().await;
    leave(&app, "/0", pauses[0].begun.notified()).await;
    flush(&queues).await;
    assert_eq!(log.purges(), 2, "one client has left");
    pauses[1].go_on.notify_one();
    assert_eq!(stays.await.unwrap(), 204);
    flush(&queues).await;
    let entries = log.entries();
    assert_eq!(entries[2], "written 1");
    assert_eq!(log.purges(), 4, "{entries:?}");
    pauses[0].go_on.notify_one();
    unfinished.idle().await;
    flush(&queues).await;
    let entries = log.entries();
    assert_eq!(
        (&*entries[5], log.purges()),
        ("written 0", 6),
        "{entries:?}"
    );
}

/// The client leaves while its write waits in the queue of a buffer. The write never runs, and the
/// tags outside cannot know that.
#[tokio::test]
async fn a_write_that_leaves_the_queue_of_a_buffer_is_purged_once() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queues = [(); 2].map(|()| log.queue());
    let app = ServiceBuilder::new()
        .layer(tags("a", &queues[0]))
        .buffer(4)
        .concurrency_limit(1)
        .layer(tags("b", &queues[1]))
        .service(locked(writing(&log, &pause), &unfinished));
    let first = tokio::spawn({
        let app = app.clone();
        async move { send(&app, "PUT", "/", &[]).await.status }
    });
    pause.begun.notified().await;
    leave(&app, "/", tokio::task::yield_now()).await;
    flush(&queues).await;
    assert_eq!(log.entries(), ["purged a"]);
    pause.go_on.notify_one();
    assert_eq!(first.await.unwrap(), 204);
    // The one that left would wait for a second permission.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    flush(&queues).await;
    let written = log
        .entries()
        .iter()
        .filter(|entry| *entry == "written")
        .count();
    assert_eq!((written, log.purges(), unfinished.len()), (1, 3, 0));
}

/// A retry with the same key waits for the first attempt, whose client has left. Both purge, and no end
/// is told to the wrong one.
#[tokio::test]
async fn a_retry_behind_a_buffer_purges_for_itself() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queues = [log.queue()];
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new())
        .methods([Method::PUT])
        .detached(unfinished.clone());
    let app = ServiceBuilder::new()
        .layer(tags("a", &queues[0]))
        .buffer(4)
        .layer(keys)
        .service(writing(&log, &pause));
    let key = [("idempotency-key", "\"a\"")];
    tokio::select! {
        biased;
        _ = send(&app, "PUT", "/", &key) => panic!("it waits"),
        () = pause.begun.notified() => {}
    }
    flush(&queues).await;
    assert_eq!(log.purges(), 1);
    assert_eq!(send(&app, "PUT", "/", &key).await.status, 409);
    flush(&queues).await;
    assert_eq!(log.purges(), 1, "nothing was written for the retry");
    pause.go_on.notify_one();
    unfinished.idle().await;
    flush(&queues).await;
    assert_eq!(log.entries(), ["purged a", "written", "purged a"]);
    assert_eq!(send(&app, "PUT", "/", &key).await.status, 204);
    flush(&queues).await;
    assert_eq!(log.purges(), 3);
}
