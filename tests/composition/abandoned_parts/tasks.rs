//! Writes that begin in a call, or run in a task of their own, and the tags outside of them.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use http::{Request, Response};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_conditional::detached::Detached;

use super::{
    Log, Pause,
    buffers::{Reply, flush, leave},
    locked, tags, writing,
};
use crate::support::send;

/// A service that begins detached work before it returns its own future.
#[derive(Clone)]
struct Eager(Detached, Log, Pause);

impl Service<Request<Body>> for Eager {
    type Response = Reply;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let (log, pause) = (self.1.clone(), self.2.clone());
        let work = self.0.finish(async move {
            pause.wait().await;
            log.add("written");
        });
        Box::pin(async move {
            work.await;
            Ok(Response::new(Body::empty()))
        })
    }
}

/// The docs of `detached` name one case that is purged once: the client leaves before the first poll.
/// After one poll, and without a buffer, the end is seen.
#[tokio::test]
async fn work_that_a_call_begins_is_seen_from_its_first_poll() {
    for is_buffered in [true, false] {
        let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
        let queues = [log.queue()];
        let eager = Eager(unfinished.clone(), log.clone(), pause.clone());
        let layered = ServiceBuilder::new().layer(tags("a", &queues[0]));
        if is_buffered {
            let app = layered.buffer(1).service(eager);
            leave(&app, "/", pause.begun.notified()).await;
        } else {
            leave(&layered.service(eager), "/", pause.begun.notified()).await;
        }
        flush(&queues).await;
        pause.go_on.notify_one();
        unfinished.idle().await;
        flush(&queues).await;
        assert_eq!(
            log.entries(),
            ["purged a", "written", "purged a"],
            "{is_buffered}"
        );
    }
}

/// R-9111-4.4-a: a service that runs each request in a task of its own, which the client cannot
/// interrupt. The tags inside purge at its end. Those outside see the response, or that the client left.
#[tokio::test]
async fn a_write_in_a_task_of_its_own_is_purged_by_the_tags_inside() {
    for leaves in [false, true] {
        let (log, pause, unfinished) = (Log::default(), Pause::default(), Detached::new());
        let queues = [(); 2].map(|()| log.queue());
        let inner = ServiceBuilder::new()
            .layer(tags("b", &queues[1]))
            .service(locked(writing(&log, &pause), &unfinished));
        let spawned = tower::service_fn(move |request: Request<Body>| {
            let work = tokio::spawn(inner.clone().oneshot(request));
            async move { work.await.unwrap() }
        });
        let app = ServiceBuilder::new()
            .layer(tags("a", &queues[0]))
            .service(spawned);
        if leaves {
            leave(&app, "/", pause.begun.notified()).await;
            flush(&queues).await;
            assert_eq!(log.entries(), ["purged a"]);
            pause.go_on.notify_one();
            unfinished.idle().await;
        } else {
            pause.go_on.notify_one();
            assert_eq!(send(&app, "PUT", "/", &[]).await.status, 204);
        }
        flush(&queues).await;
        let entries = log.entries();
        let at = |entry| entries.iter().position(|other| other == entry).unwrap();
        assert!(at("written") < at("purged b"), "{entries:?}");
        assert_eq!(at("purged a") < at("written"), leaves, "{entries:?}");
    }
}
