//! Requests and responses that the cache leaves alone.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response};
use hyper::body::Incoming;
use tower::{ServiceBuilder, service_fn};
use tower_conditional::{
    ValidatorCacheLayer, cache_tags::CacheTags, store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use super::Pages;
use crate::support::{Client, H1, Hint, Scripted, Server, broken, data};

/// R-9111-3-a, R-9111-3.5-b, R-9111-4-a, R-9111-4.3.2-a, R-9111-5.2.1.5-a: requests that the cache
/// must not answer run the handler, also if there is an entry.
#[tokio::test]
async fn other_requests_run_the_handler() {
    let pages = Pages::default();
    let server = pages.serve(false).await;
    for mut client in Client::both(&server).await {
        let tag = client.request("GET", "/p/1", &[]).await.tag().to_owned();
        let known = format!("if-none-match: {tag}");
        let current = format!("if-match: {tag}");
        let runs = || pages.0.reads.swap(0, Ordering::SeqCst);
        runs();
        assert_eq!(client.request("GET", "/p/1", &[&known]).await.status, 304);
        assert_eq!(client.request("HEAD", "/p/1", &[&known]).await.status, 304);
        assert_eq!(runs(), 0, "{}", client.version());
        for (path, fields, status) in [
            ("/p/1", &[&*known, "authorization: Basic YTpi"][..], 304),
            ("/p/1", &[&*known, "cookie: session=1"], 304),
            ("/p/1", &[&*known, "cache-control: no-store"], 304),
            ("/p/1", &[&*known, "cache-control: no-cache"], 304),
            ("/p/1", &[&*current], 200),
            ("/p/1", &["if-match: \"x\""], 412),
            ("/p/1?q=1", &[&*known], 304),
            ("/p/%31", &[&*known], 304),
            ("/P/1", &[&*known], 304),
        ] {
            let reply = client.request("GET", path, fields).await;
            // The tag is that of the content, which all pages share.
            assert_eq!(reply.status, status, "{path} {fields:?}");
            assert_eq!(runs(), 1, "{} {path} {fields:?}", client.version());
        }
        client.send("PUT", "/p/1", &[], "next").await;
    }
}

/// R-9111-3.3-a, R-9111-4.1-b, R-9111-4.4-c: broken content, an undeclared header and another
/// origin. The unit tests of the layer have each case of them.
#[tokio::test]
async fn broken_content_and_other_origins_are_left_alone() {
    let reads = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reads);
    let handler = service_fn(move |request: Request<Incoming>| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        let response = Response::builder().header("etag", "\"v1\"");
        let (response, body) = match request.uri().path() {
            "/broken" if first => (
                response,
                Scripted::new([data("ab"), broken()], Hint::Unknown),
            ),
            "/language" => (
                response.header("vary", "accept-language"),
                Scripted::new([], Hint::Exact),
            ),
            "/post" => (
                response.header("location", "http://other.test/kept"),
                Scripted::new([], Hint::Exact),
            ),
            _ => (response, Scripted::new([data("abcd")], Hint::Unknown)),
        };
        async { Ok::<_, Infallible>(response.body(body).unwrap()) }
    });
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let tags = |request: &http::request::Parts| CacheTags::of([request.uri.path()]).unwrap();
    let layer = ValidatorCacheLayer::new(cache).tags(tags);
    let server = Server::start(ServiceBuilder::new().layer(layer).service(handler)).await;
    let known = "if-none-match: \"v1\"";
    let mut broken = H1::connect(&server).await;
    broken.send("GET", "/broken", &[]).await;
    assert!(broken.reply("GET").await.is_err());
    for mut client in Client::both(&server).await {
        let hits = async |client: &mut Client, path: &str| {
            client.request("GET", path, &[known]).await.status == 304
        };
        if client.version() == "HTTP/1.1" {
            assert!(!hits(&mut client, "/broken").await);
        }
        for _ in 0..2 {
            assert!(!hits(&mut client, "/language").await);
        }
        hits(&mut client, "/kept").await;
        assert!(hits(&mut client, "/kept").await);
        client.send("POST", "/post", &[], "x").await;
        assert!(hits(&mut client, "/kept").await, "{}", client.version());
    }
}
