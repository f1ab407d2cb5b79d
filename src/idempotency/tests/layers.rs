//! The layer between other layers.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::IF_MATCH, request::Parts};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn, util::MapRequest};

use super::{HandlerRequest, Runs, layer, order, post, post_as, service};
use crate::{
    CacheTagsLayer, EntityTag, IdempotencyLayer, PreconditionLayer,
    body::RequestBody,
    cache_tags::CacheTags,
    purge::{Purge, PurgeQueue},
    source,
    store::MemoryIdempotencyStore,
};

/// R-9111-4.4-a: a replay answers a write too. The purge of the first response may have been lost with
/// its process, and its headers with its client.
#[tokio::test]
async fn each_replay_invalidates_like_the_first_response() {
    let purges = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&purges);
    let queue = PurgeQueue::new(move |_: Purge| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(()) }
    });
    let tags = CacheTags::of(["orders"]).expect("tags");
    let runs = Runs::default();
    let service = CacheTagsLayer::new(tags)
        .purge(queue.clone())
        .layer(service(&layer(), &runs, order));
    for _ in 0..3 {
        let response = service
            .clone()
            .oneshot(post("\"a\""))
            .await
            .expect("a response");
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["cache-group-invalidation"], "\"orders\"");
        queue.flush().await;
    }
    assert_eq!((runs.count(), purges.load(Ordering::SeqCst)), (1, 3));
}

type RequestOfTwo = Request<RequestBody<RequestBody<Full<Bytes>>>>;

/// A service inside two layers, which answers 201.
fn created(
    runs: &Runs,
) -> impl Service<RequestOfTwo, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ use<> {
    let runs = runs.clone();
    service_fn(move |_: RequestOfTwo| {
        runs.add();
        let mut response = Response::new(Full::<Bytes>::from("created"));
        *response.status_mut() = StatusCode::CREATED;
        async { Ok::<_, Infallible>(response) }
    })
}

/// Of a layer on the router and one on a route, the outer one holds the key. The inner one does
/// not take that for another request in flight.
#[tokio::test]
async fn two_layers_are_one() {
    let runs = Runs::default();
    let both = layer();
    let service = both.layer(both.layer(created(&runs)));
    for is_retry in [false, true] {
        let response = service.clone().oneshot(post("\"a\"")).await;
        let response = response.expect("a response");
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(
            response.headers().contains_key("idempotent-replayed"),
            is_retry
        );
    }
    assert_eq!(runs.count(), 1);
}

/// A layer inside with other principals may refuse its key. The outer one records no refusal.
#[tokio::test]
async fn a_refusal_of_a_layer_inside_is_not_recorded() {
    let runs = Runs::default();
    let inner = IdempotencyLayer::new(MemoryIdempotencyStore::new(), |request: &Parts| {
        request
            .headers
            .get("tenant")?
            .to_str()
            .ok()
            .map(String::from)
    });
    let service = layer().layer(inner.layer(created(&runs)));
    let refused = service.clone().oneshot(post("\"a\"")).await;
    assert_eq!(refused.expect("a response").status(), StatusCode::FORBIDDEN);
    let mut named = post("\"a\"");
    named
        .headers_mut()
        .insert("tenant", "one".parse().expect("a value"));
    let response = service.oneshot(named).await.expect("a response");
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(runs.count(), 1);
}

/// P-ID-precond-order: a retried write gets its first answer, and no 412 on its own success.
#[tokio::test]
async fn a_retried_conditional_write_gets_its_first_answer() {
    let version = Arc::new(AtomicUsize::new(1));
    let tag = |version: usize| EntityTag::strong(version.to_string()).expect("a tag");
    let current = Arc::clone(&version);
    let source = source::now(move |_| tag(current.load(Ordering::SeqCst)));
    let handler = service_fn(move |_: HandlerRequest| {
        version.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("written"))) }
    });
    let guarded = PreconditionLayer::new(source).check_only().layer(handler);
    let service = layer().methods([Method::PUT]).layer(guarded);
    let put = |tag: &str| {
        let mut request = post("\"a\"");
        *request.method_mut() = Method::PUT;
        request
            .headers_mut()
            .insert(IF_MATCH, tag.parse().expect("a value"));
        request
    };
    let mut retried = service.clone();
    for is_retry in [false, true] {
        let response = retried
            .ready()
            .await
            .expect("ready")
            .call(put("\"1\""))
            .await;
        let response = response.expect("a response");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers().contains_key("idempotent-replayed"),
            is_retry
        );
    }
    // With another key it is a new write, and too late.
    let mut late = put("\"1\"");
    late.headers_mut()
        .insert("idempotency-key", "\"b\"".parse().expect("a value"));
    let response = service.oneshot(late).await.expect("a response");
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
}

/// The layer inside leaves a key to the one outside only if principal and key are the same.
#[tokio::test]
async fn a_layer_inside_holds_other_keys_itself() {
    let runs = Runs::default();
    let inner = IdempotencyLayer::new(MemoryIdempotencyStore::new(), |_: &Parts| Some("tenant"));
    let service = layer().layer(inner.layer(created(&runs)));
    for user in ["alice", "bob"] {
        let response = service.clone().oneshot(post_as(user, "\"a\"", "{}")).await;
        assert_eq!(response.expect("a response").status(), StatusCode::CREATED);
    }
    assert_eq!(runs.count(), 1);

    let runs = Runs::default();
    let inner = MapRequest::new(
        layer().layer(created(&runs)),
        |mut request: HandlerRequest| {
            let key = "\"order\"".parse().expect("a value");
            request.headers_mut().insert("idempotency-key", key);
            request
        },
    );
    let service = layer().layer(inner);
    for key in ["\"a\"", "\"b\""] {
        let response = service.clone().oneshot(post(key)).await;
        assert_eq!(response.expect("a response").status(), StatusCode::CREATED);
    }
    assert_eq!(runs.count(), 1);
}
