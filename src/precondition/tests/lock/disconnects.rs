//! Clients that disconnect.

use std::task::{Context, Waker};

use super::*;
use crate::{detached::Detached, source::from_fn};

/// R-5789-2-a, R-9110-13.1-a: if the client disconnects, the write completes, and the lock
/// is free afterwards.
#[tokio::test(start_paused = true)]
async fn a_write_outlives_its_client() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let lock = KeyedLock::new();
    let service = PreconditionLayer::new(knows(tagged("1")))
        .lock(lock.clone(), path)
        .layer(stepwise(&log, &go));
    for condition in [Some(("if-match", "\"1\"")), None] {
        let patch = || request("PATCH", "/", condition);
        let client = tokio::spawn(service.clone().oneshot(patch()));
        while log.take().is_empty() {
            yield_now().await;
        }
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
        assert_eq!(lock.len(), 1, "released before the write was done");
        go.add_permits(2);
        let next = service.clone().oneshot(patch()).await.unwrap();
        assert_eq!(next.status(), 204);
        assert_eq!(log.take(), ["done", "begun", "done"]);
        assert!(lock.is_empty());
    }
}

/// So it is if the client disconnects between the check and the write.
#[tokio::test(start_paused = true)]
async fn a_client_that_disconnects_during_the_check() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(1)));
    let asked = Arc::new(Semaphore::new(0));
    let lock = KeyedLock::new();
    let source = {
        let asked = Arc::clone(&asked);
        from_fn(move |_: &Parts| {
            let asked = Arc::clone(&asked);
            async move {
                asked.acquire().await.unwrap().forget();
                tagged("1")
            }
        })
    };
    let service = PreconditionLayer::new(source)
        .lock(lock.clone(), path)
        .layer(stepwise(&log, &go));
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    let client = tokio::spawn(service.oneshot(put));
    while lock.is_empty() {
        yield_now().await;
    }
    client.abort();
    let _ = client.await;
    asked.add_permits(1);
    drop(lock.acquire("/").await.unwrap());
    assert_eq!(log.take(), ["begun", "done"]);
    assert!(lock.is_empty());
}

/// A client that disconnects while it waits for the lock leaves its place in the queue.
#[tokio::test(start_paused = true)]
async fn a_client_that_disconnects_while_it_waits() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let lock = KeyedLock::new();
    let service = PreconditionLayer::handler_checks()
        .lock(lock.clone(), path)
        .layer(stepwise(&log, &go));
    let held = lock.acquire("/").await.unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut waiting = Box::pin(service.oneshot(request("PUT", "/", [])));
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    assert_eq!(lock.len(), 1);
    drop(waiting);
    drop(held);
    assert!(lock.is_empty());
    assert!(log.take().is_empty());
}

/// Issue 11, A.13: writes of disconnected clients are awaited through one handle.
#[tokio::test(start_paused = true)]
async fn writes_without_a_client_are_awaited() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let writes = Detached::new();
    let layers = [KeyedLock::new(), KeyedLock::new()].map(|lock| {
        PreconditionLayer::handler_checks()
            .lock(lock, path)
            .detached(writes.clone())
    });
    for layer in layers {
        let client = tokio::spawn(layer.layer(stepwise(&log, &go)).oneshot(request(
            "PUT",
            "/",
            [],
        )));
        while log.take().is_empty() {
            yield_now().await;
        }
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
    }
    assert_eq!(writes.len(), 2);
    let idle = tokio::spawn({
        let writes = writes.clone();
        async move { writes.idle().await }
    });
    go.add_permits(1);
    while writes.len() == 2 {
        yield_now().await;
    }
    assert_eq!(writes.len(), 1);
    assert!(!idle.is_finished());
    go.add_permits(1);
    idle.await.unwrap();
    assert_eq!(log.take(), ["done", "done"]);
}
