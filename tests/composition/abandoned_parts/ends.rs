//! Ends of writes without their clients: runtimes, queues, crowds, timeouts, and work after a response.

use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, routing::any};
use futures_util::FutureExt;
use http::{Method, StatusCode};
use tower_conditional::{
    IdempotencyLayer,
    cache_tags::CacheTags,
    detached::Detached,
    purge::{Purge, PurgeLimits, PurgeQueue},
    store::MemoryIdempotencyStore,
};

use super::{Log, Pause, locked, tags};
use crate::support::send;

/// R-9111-4.4-a: a queue without room counts both purges of a write that went on.
#[tokio::test]
async fn a_full_queue_counts_the_purges_of_an_abandoned_write() {
    let (pause, unfinished) = (Pause::default(), Detached::new());
    let limits = PurgeLimits::new().max_queued(1).unwrap();
    let queue = PurgeQueue::with_limits(|_: Purge| pending::<Result<(), Infallible>>(), limits);
    let handler = {
        let pause = pause.clone();
        async move || pause.wait().await
    };
    let app = locked(Router::new().route("/", any(handler)), &unfinished);
    let app = app.layer(tags("orders", &queue));
    // Some are tried, and one waits.
    for number in 0..100 {
        queue.enqueue(Purge::new().with_tags(&CacheTags::of([format!("tag{number}")]).unwrap()));
        tokio::task::yield_now().await;
    }
    assert_ne!(queue.dropped(), 0);
    let before = queue.dropped();
    pause.leave(&app, &unfinished, std::future::ready(())).await;
    assert_eq!(queue.dropped(), before + 2);
}

/// R-9111-4.4-a: the runtime of the server ends in the middle of a write that its client has left.
/// A queue of another runtime purges.
#[test]
fn the_end_of_the_servers_runtime_is_the_end_of_the_write() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (server, purges) = (runtime(), runtime());
    let (log, unfinished) = (Log::default(), Detached::new());
    let queue = purges.block_on(async { log.queue() });
    let pause = Pause::default();
    let handler = {
        let pause = pause.clone();
        async move || pause.wait().await
    };
    let app = locked(Router::new().route("/", any(handler)), &unfinished);
    let app = app.layer(tags("orders", &queue));
    server.block_on(async {
        tokio::select! {
            biased;
            _ = send(&app, "PUT", "/", &[]) => panic!("it waits"),
            () = pause.begun.notified() => {}
        }
    });
    assert_eq!(unfinished.len(), 1);
    drop(server);
    assert_eq!(unfinished.len(), 0);
    purges.block_on(queue.flush());
    assert_eq!(log.entries(), ["purged orders"]);
}

/// Memory: purges that wait for the ends of writes are gone with them.
#[tokio::test]
async fn a_crowd_of_abandoned_writes_leaves_nothing() {
    let (log, unfinished) = (Log::default(), Detached::new());
    let queue = log.queue();
    let (gate, begun) = (
        Arc::new(tokio::sync::Semaphore::new(0)),
        Arc::new(Mutex::new(0)),
    );
    let handler = {
        let (gate, begun) = (Arc::clone(&gate), Arc::clone(&begun));
        async move || {
            *begun.lock().unwrap() += 1;
            drop(gate.acquire().await);
        }
    };
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).methods([Method::PUT]);
    let app = Router::new()
        .route("/", any(handler))
        .layer(keys.detached(unfinished.clone()))
        .layer(tags("orders", &queue));
    for number in 0..200 {
        let key = format!("\"{number}\"");
        let fields = [("idempotency-key", &*key)];
        let mut write = Box::pin(send(&app, "PUT", "/", &fields));
        while *begun.lock().unwrap() <= number {
            assert!((&mut write).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    queue.flush().await;
    let at_disconnects = log.purges();
    assert_eq!(unfinished.len(), 200);
    assert!(at_disconnects > 0);
    gate.add_permits(1);
    unfinished.idle().await;
    queue.flush().await;
    // Equal purges that wait are sent as one.
    assert!(log.purges() > at_disconnects);
    assert_eq!((queue.dropped(), unfinished.len()), (0, 0));
    assert_eq!(Arc::strong_count(&gate), 2);
}

/// R-9111-4.4-a: a handler may put unfinished work into its response.
#[tokio::test]
async fn work_that_outlives_its_response_is_purged_at_its_end() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queue = log.queue();
    let handler = {
        let (log, pause, unfinished) = (log.clone(), pause.clone(), unfinished.clone());
        async move || {
            drop(unfinished.finish(async move {
                pause.wait().await;
                log.add("written");
            }));
            StatusCode::ACCEPTED
        }
    };
    let app = Router::new()
        .route("/", any(handler))
        .layer(tags("orders", &queue));
    assert_eq!(send(&app, "PUT", "/", &[]).await.status, 202);
    queue.flush().await;
    assert_eq!(log.entries(), ["purged orders"]);
    pause.begun.notified().await;
    pause.go_on.notify_one();
    unfinished.idle().await;
    queue.flush().await;
    assert_eq!(log.entries(), ["purged orders", "written", "purged orders"]);
}

/// R-9111-4.4-a: reads and writes that a layer answers leave no purge behind.
#[tokio::test]
async fn work_of_reads_is_no_write() {
    let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
    let queue = log.queue();
    let handler = {
        let (pause, unfinished) = (pause.clone(), unfinished.clone());
        async move || {
            drop(unfinished.finish(async move { pause.wait().await }));
            "content"
        }
    };
    let app = Router::new()
        .route("/", any(handler))
        .layer(tags("orders", &queue));
    assert_eq!(send(&app, "GET", "/", &[]).await.status, 200);
    pause.begun.notified().await;
    pause.go_on.notify_one();
    unfinished.idle().await;
    queue.flush().await;
    assert_eq!(log.entries(), [""; 0]);
}

/// A timeout inside of the keys and one outside: the write was dropped, and both purges are sent.
#[tokio::test(start_paused = true)]
async fn timeouts_on_both_sides_of_a_lock_purge() {
    let limit = |seconds| {
        tower_http::timeout::TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(seconds),
        )
    };
    for (inside, outside) in [(1, 2), (2, 1)] {
        let (log, unfinished) = (Log::default(), Detached::new());
        let queue = log.queue();
        let app = Router::new()
            .route("/", any(async || pending::<()>().await))
            .layer(limit(inside));
        let app = locked(app, &unfinished)
            .layer(limit(outside))
            .layer(tags("orders", &queue));
        let reply = send(&app, "PUT", "/", &[]).await;
        assert_eq!(reply.status, 503);
        unfinished.idle().await;
        queue.flush().await;
        assert_eq!(log.purges(), if inside < outside { 1 } else { 2 });
    }
}
