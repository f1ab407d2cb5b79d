//! The layer over the store.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_conditional::{EtagLayer, ValidatorCacheLayer, validator_cache::ValidatorCache};
use tower_conditional_testing::{Engine, RedisServer};

use super::support::{MINUTE, Store, TestStore};

/// Two processes with one server: what one of them remembers, the other one answers, and a
/// write to one of them counts in both.
#[tokio::test]
async fn processes_share_what_they_remember() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let test = TestStore::open(server).await;
        let other = test.open_beside(server, |builder| builder).await;
        let (content, runs) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicUsize::new(0)));
        let stores: [Store; 2] = [test.store.clone(), other];
        let services = stores.map(|store| {
            let cache = ValidatorCache::new(store).namespace("notes").build_id("1");
            let (content, runs) = (Arc::clone(&content), Arc::clone(&runs));
            ServiceBuilder::new()
                .layer(ValidatorCacheLayer::new(cache))
                .layer(EtagLayer::new())
                .service(service_fn(move |request: Request<Full<Bytes>>| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    if request.method() == Method::PUT {
                        content.fetch_add(1, Ordering::Relaxed);
                    }
                    let content = content.load(Ordering::Relaxed).to_string();
                    async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(content))) }
                }))
        });
        let send = async |process: usize, method: Method, tag: Option<&str>| {
            let mut request = Request::builder().method(method).uri("/notes/1");
            if let Some(tag) = tag {
                request = request.header(header::IF_NONE_MATCH, tag);
            }
            let request = request.body(Full::default()).expect("a request");
            let response = services[process].clone().oneshot(request).await;
            let (head, body) = response.expect("a response").into_parts();
            body.collect().await.expect("a body");
            let tag = head
                .headers
                .get(header::ETAG)
                .map(|tag| tag.to_str().expect("a tag").to_owned());
            (head.status, tag.unwrap_or_default())
        };
        // A fill and the end of a write are tasks beside the response.
        let until_remembered = async |process: usize, tag: &str| {
            while send(process, Method::GET, Some(tag)).await.0 != StatusCode::NOT_MODIFIED {}
        };
        let count = || runs.load(Ordering::Relaxed);
        let (status, tag) = send(0, Method::GET, None).await;
        assert_eq!((status, count()), (StatusCode::OK, 1), "{engine:?}");
        until_remembered(0, &tag).await;
        let before = count();
        for process in [0, 1] {
            let (status, same) = send(process, Method::GET, Some(&tag)).await;
            assert_eq!(
                (status, &same),
                (StatusCode::NOT_MODIFIED, &tag),
                "{engine:?}"
            );
        }
        assert_eq!(count(), before, "{engine:?}");
        let (status, _) = send(1, Method::PUT, None).await;
        assert_eq!(
            (status, count()),
            (StatusCode::OK, before + 1),
            "{engine:?}"
        );
        let (status, changed) = send(0, Method::GET, Some(&tag)).await;
        assert_eq!(
            (status, count()),
            (StatusCode::OK, before + 2),
            "{engine:?}"
        );
        assert_ne!(changed, tag);
        until_remembered(0, &changed).await;
        let (status, _) = send(1, Method::GET, Some(&changed)).await;
        assert_eq!(status, StatusCode::NOT_MODIFIED, "{engine:?}");
        let (status, _) = send(1, Method::GET, Some(&tag)).await;
        assert_eq!(status, StatusCode::OK, "{engine:?}");
    }
}

#[tokio::test]
async fn a_cache_that_would_share_too_much_is_refused() {
    let test = TestStore::open(RedisServer::shared(Engine::Redis)).await;
    let cache = || ValidatorCache::new(test.store.clone());
    let refusal = |cache: ValidatorCache<Store>| {
        let built = catch_unwind(AssertUnwindSafe(|| drop(ValidatorCacheLayer::new(cache))));
        let panic = built.expect_err("a panic");
        panic
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_else(|| (*panic.downcast_ref::<&str>().expect("a text")).to_owned())
    };
    let cases = [
        (cache(), "call `namespace`"),
        (cache().namespace("notes"), "`build_id`"),
        (cache().build_id("1"), "call `namespace`"),
        (
            cache()
                .namespace("notes")
                .build_id("1")
                .write_ttl(2 * MINUTE),
            "60s",
        ),
    ];
    for (cache, expected) in cases {
        let text = refusal(cache);
        assert!(text.contains(expected), "{text}");
    }
}
