//! The purges after a write.

use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use http::{Request, Response};
use tokio::{
    sync::{Semaphore, mpsc},
    time::Instant,
};
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{HandlerResponse, ask, tags};
use crate::{
    cache_tags::{CacheTagSource, CacheTagsLayer},
    purge::{Purge, PurgeQueue},
    semantics::caching::cache_tags::{CacheTags, TagField},
    test_support::{Upload, pass, request},
};

/// A queue with its purges, one by one.
fn queue() -> (PurgeQueue, mpsc::UnboundedReceiver<Purge>) {
    let (purged, purges) = mpsc::unbounded_channel();
    let queue = PurgeQueue::new(move |purge| {
        let sent = purged.send(purge);
        async move { sent }
    });
    (queue, purges)
}

fn purging(queue: PurgeQueue) -> CacheTagsLayer<CacheTags> {
    CacheTagsLayer::new(tags(&["notes"])).purge(queue)
}

fn put<Q: CacheTagSource>(layer: &CacheTagsLayer<Q>, handler: &HandlerResponse<'_>) {
    drop(ask(layer, "PUT", handler));
}

fn names(purge: &Purge) -> (String, String) {
    let tags: Vec<_> = purge.tags().map(AsRef::as_ref).collect();
    let targets: Vec<_> = purge.targets().map(ToString::to_string).collect();
    (tags.join(" "), targets.join(" "))
}

/// Returns the purges that are sent before the task of the queue ends.
async fn purged(mut purges: mpsc::UnboundedReceiver<Purge>, queue: PurgeQueue) -> Vec<Purge> {
    // The channel ends with the queue, whose handles the layers have dropped.
    drop(queue);
    let mut all = Vec::new();
    while let Some(purge) = purges.recv().await {
        all.push(purge);
    }
    all
}

/// R-9111-4.4-a, R-9111-4.4-b: a write that may have happened is purged.
#[tokio::test]
async fn a_write_is_purged_unless_it_was_refused() {
    for (method, status, expected) in [
        ("PUT", 200, true),
        ("DELETE", 204, true),
        ("POST", 303, true),
        ("FOO", 200, true),
        ("PUT", 500, true),
        ("PUT", 503, true),
        ("PUT", 408, true),
        ("PUT", 400, false),
        ("PUT", 412, false),
        ("GET", 200, false),
        ("GET", 500, false),
        ("QUERY", 200, false),
        ("OPTIONS", 200, false),
    ] {
        let (queue, purges) = queue();
        let layer = purging(queue.clone());
        let handler = HandlerResponse {
            tags: &["author-7"],
            ..HandlerResponse::status(status)
        };
        drop(ask(&layer, method, &handler));
        drop(layer);
        let purges: Vec<_> = purged(purges, queue).await.iter().map(names).collect();
        let what = ("author-7 notes".to_owned(), "/notes/1".to_owned());
        assert_eq!(
            purges,
            Vec::from_iter(expected.then_some(what)),
            "{method} {status}"
        );
    }
}

/// R-9111-4.4-c.
#[tokio::test]
async fn a_purge_has_the_locations_of_the_response() {
    let (queue, mut purges) = queue();
    let layer = purging(queue).fields([]);
    put(
        &layer,
        &HandlerResponse {
            fields: &[
                ("location", "/notes/2"),
                ("content-location", "//other/notes/3"),
            ],
            ..HandlerResponse::status(201)
        },
    );
    let purge = purges.recv().await.unwrap();
    assert_eq!(names(&purge).1, "/notes/1 /notes/2");
}

#[tokio::test]
async fn without_tags_the_target_is_purged() {
    let (queue, mut purges) = queue();
    put(
        &CacheTagsLayer::new(CacheTags::new()).purge(queue),
        &HandlerResponse::status(200),
    );
    let purge = purges.recv().await.unwrap();
    assert_eq!(names(&purge), (String::new(), "/notes/1".to_owned()));
}

/// R-9111-4.4-b.
#[tokio::test]
async fn the_write_of_a_service_that_failed_is_purged() {
    let (queue, mut purges) = queue();
    let failing =
        service_fn(|_: Request<Upload>| async { Err::<Response<()>, _>("the connection broke") });
    let mut service = purging(queue).layer(failing);
    let mut answer = Box::pin(service.call(request("PUT", "/notes/1", [])));
    assert!(answer.as_mut().await.is_err());
    // The purge is queued before the future is dropped.
    assert_eq!(names(&purges.recv().await.unwrap()).0, "notes");

    assert!(service.call(request("GET", "/notes/1", [])).await.is_err());
    drop((answer, service));
    assert_eq!(purges.recv().await, None);
}

/// R-9111-4.4-b: whether the future was polled or not.
#[tokio::test]
async fn the_write_of_a_client_that_disconnected_is_purged() {
    for polls in [0, 1] {
        let (queue, mut purges) = queue();
        let hanging =
            service_fn(|_: Request<Upload>| pending::<Result<Response<()>, Infallible>>());
        let mut service = purging(queue).layer(hanging);
        let mut answer = Box::pin(service.call(request("PUT", "/notes/1", [])));
        for _ in 0..polls {
            let polled = poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
        }
        assert!(purges.try_recv().is_err());
        drop(answer);
        assert_eq!(names(&purges.recv().await.unwrap()).0, "notes");

        drop(service.call(request("GET", "/notes/1", [])));
        drop(service);
        assert_eq!(purges.recv().await, None);
    }
}

/// R-9111-4.4-b.
#[tokio::test]
async fn the_write_of_a_handler_that_panicked_is_purged() {
    let (queue, mut purges) = queue();
    let panicking = service_fn(|_: Request<Upload>| async {
        if true {
            panic!("on purpose");
        }
        Ok::<_, Infallible>(Response::new(()))
    });
    let service = purging(queue).layer(panicking);
    let answer = tokio::spawn(service.oneshot(request("PUT", "/notes/1", [])));
    assert!(answer.await.unwrap_err().is_panic());
    assert_eq!(names(&purges.recv().await.unwrap()).0, "notes");
    assert_eq!(purges.recv().await, None);
}

/// A queue with a slow purger.
fn slow(pause: Duration) -> PurgeQueue {
    PurgeQueue::new(move |_: Purge| async move {
        pass(pause).await;
        Ok::<_, Infallible>(())
    })
}

async fn answered_after(layer: &CacheTagsLayer<CacheTags>, method: &str, status: u16) -> u128 {
    let handler = service_fn(move |_: Request<Upload>| {
        let handler = HandlerResponse::status(status).response();
        async move { Ok::<_, Infallible>(handler) }
    });
    let began = Instant::now();
    let service = layer.layer(handler);
    let response = service
        .oneshot(request(method, "/notes/1", []))
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), status);
    began.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn a_response_waits_for_its_purge_until_the_timeout() {
    let waiting = purging(slow(Duration::from_millis(700))).purge_timeout(Duration::from_secs(1));
    assert_eq!(answered_after(&waiting, "PUT", 200).await, 700);
    assert_eq!(answered_after(&waiting, "PUT", 500).await, 700);
    assert_eq!(answered_after(&waiting, "PUT", 412).await, 0);
    assert_eq!(answered_after(&waiting, "GET", 200).await, 0);

    let impatient = purging(slow(Duration::from_secs(3))).purge_timeout(Duration::from_secs(1));
    // The timers of tokio have a resolution of one millisecond.
    assert!((1000..=1001).contains(&answered_after(&impatient, "PUT", 200).await));

    let not_waiting = purging(slow(Duration::from_secs(3)));
    assert_eq!(answered_after(&not_waiting, "PUT", 200).await, 0);
}

/// A response that waits for a purge holds no permit of a limit inside.
#[tokio::test(start_paused = true)]
async fn a_response_that_waits_holds_no_permit() {
    let places = Arc::new(Semaphore::new(1));
    let handler = {
        let places = Arc::clone(&places);
        service_fn(move |_: Request<Upload>| {
            let places = Arc::clone(&places);
            // The future holds the permit, as in a limit of `tower`.
            let place = places.try_acquire_owned().expect("a place");
            poll_fn(move |_| {
                let _held = &place;
                Poll::Ready(Ok::<_, Infallible>(Response::new(())))
            })
        })
    };
    let layer = purging(slow(Duration::from_secs(3))).purge_timeout(Duration::from_secs(1));
    let mut service = layer.layer(handler);
    let mut answer = Box::pin(service.call(request("PUT", "/notes/1", [])));
    let polled = poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    assert_eq!(places.available_permits(), 1);
    assert!(answer.await.is_ok());
}

#[tokio::test]
async fn debug_shows_the_configuration() {
    let layer = purging(slow(Duration::ZERO)).fields([TagField::Xkey]);
    let shown = format!("{layer:?}");
    assert!(
        shown.contains("Xkey") && shown.contains("PurgeQueue"),
        "{shown}"
    );
    let shown = format!("{:?}", layer.layer(()));
    assert!(shown.contains("CacheTagsService"), "{shown}");
}
