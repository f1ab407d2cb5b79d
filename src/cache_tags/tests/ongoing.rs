//! Work that goes on after the future of its response has ended.

use std::{convert::Infallible, future::pending};

use futures_util::FutureExt;
use http::{Request, Response};
use tokio::sync::mpsc;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::tags;
use crate::{
    cache_tags::{CacheTags, CacheTagsLayer},
    detached::Detached,
    purge::{Purge, PurgeQueue},
    test_support::{Upload, request},
};

/// A layer with a tag, and the tags of each purge of its queue.
fn purging(name: &str) -> (CacheTagsLayer<CacheTags>, mpsc::UnboundedReceiver<String>) {
    let (purged, purges) = mpsc::unbounded_channel();
    let queue = PurgeQueue::new(move |purge: Purge| {
        let names: Vec<_> = purge.tags().map(AsRef::as_ref).collect();
        let sent = purged.send(names.join(" "));
        async move { sent }
    });
    (CacheTagsLayer::new(tags(&[name])).purge(queue), purges)
}

fn put() -> Request<Upload> {
    request("PUT", "/notes/1", [])
}

/// R-9111-4.4-a: each of two caches is purged when its client leaves, and again after the write. It
/// does not matter if the future was polled.
#[tokio::test]
async fn layers_of_two_queues_purge_after_the_work() {
    for polls in [0, 1] {
        let (outer, mut outer_purges) = purging("outer");
        let (inner, mut inner_purges) = purging("inner");
        let (writes, (end, ended)) = (Detached::new(), mpsc::channel::<()>(1));
        let handler = {
            let (writes, mut ended) = (writes.clone(), Some(ended));
            service_fn(move |_: Request<Upload>| {
                let mut ended = ended.take().expect("one request");
                writes.finish_write(async move {
                    assert_eq!(ended.recv().await, None);
                    let mut response = Response::new(());
                    response.extensions_mut().insert(tags(&["late"]));
                    Ok::<_, Infallible>(response)
                })
            })
        };
        let mut service = outer.layer(inner.layer(handler));
        let mut answer = Box::pin(service.call(put()));
        for _ in 0..polls {
            assert!((&mut answer).now_or_never().is_none());
        }
        drop(answer);
        assert_eq!(outer_purges.recv().await.as_deref(), Some("outer"));
        assert_eq!(inner_purges.recv().await.as_deref(), Some("inner"));
        assert!(outer_purges.try_recv().is_err() && inner_purges.try_recv().is_err());
        drop(end);
        writes.idle().await;
        drop((service, outer, inner));
        assert_eq!(outer_purges.recv().await.as_deref(), Some("late outer"));
        assert_eq!(inner_purges.recv().await.as_deref(), Some("inner late"));
        assert_eq!(
            (outer_purges.recv().await, inner_purges.recv().await),
            (None, None)
        );
    }
}

/// R-9111-4.4-b: after an error, such as that of a timeout, the work may still write.
#[tokio::test]
async fn a_service_that_fails_before_its_work_ends_is_purged_twice() {
    let (layer, mut purges) = purging("notes");
    let (writes, (end, mut ended)) = (Detached::new(), mpsc::channel::<()>(1));
    let mut work = Some(async move { ended.recv().await });
    let handler = service_fn(|_: Request<Upload>| {
        drop(writes.finish(work.take().expect("one request")));
        async { Err::<Response<()>, _>("too late") }
    });
    let failed = layer.layer(handler).oneshot(put()).await;
    assert_eq!(failed.unwrap_err(), "too late");
    drop(layer);
    assert_eq!(purges.recv().await.as_deref(), Some("notes"));
    assert_eq!(writes.len(), 1);
    drop(end);
    writes.idle().await;
    assert_eq!(purges.recv().await.as_deref(), Some("notes"));
    assert_eq!(purges.recv().await, None);
}

/// R-9111-4.4-b: work that panics may have written, after its client has left.
#[tokio::test]
async fn work_that_panics_alone_is_purged() {
    let (layer, mut purges) = purging("notes");
    let writes = Detached::new();
    let handler = service_fn(|_: Request<Upload>| {
        drop(writes.finish_write(async {
            if true {
                panic!("on purpose");
            }
            Ok::<_, Infallible>(Response::new(()))
        }));
        pending::<Result<Response<()>, Infallible>>()
    });
    drop(layer.layer(handler).call(put()));
    drop(layer);
    assert_eq!(purges.recv().await.as_deref(), Some("notes"));
    writes.idle().await;
    assert_eq!(purges.recv().await.as_deref(), Some("notes"));
    assert_eq!(purges.recv().await, None);
}
