//! `HEAD` gets the tag of the `GET` or none (R-9110-9.3.2-a).

use std::convert::Infallible;

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use tower_conditional::{ConditionalLayer, stack};

use crate::support::{H1, H2, Reply, Server};

/// R-9110-9.3.2-a: axum answers `HEAD` with the content of the `GET`, which layers inside of
/// `Router::layer` still see.
#[tokio::test]
async fn head_has_the_tag_of_get_inside_of_a_router() {
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(stack());
    for [get, head] in both(&Server::start(router).await).await {
        assert_eq!(head.tag(), get.tag());
        assert_eq!(head.field("content-length"), Some("5"));
        assert_eq!(get.body, b"hello");
    }
}

/// R-9110-9.3.2-a: there is nothing to hash, and the tag of an empty body is wrong.
#[tokio::test]
async fn head_has_no_tag_if_the_service_sends_no_content() {
    for [get, head] in both(&Server::start(stack().layer(bare())).await).await {
        assert!(get.field("etag").is_some());
        assert_eq!((head.status, head.field("etag")), (200, None));
    }
}

/// R-9110-9.3.2-a
#[tokio::test]
async fn head_as_get_has_tag_and_length_of_the_get() {
    let layer = stack().conditional(ConditionalLayer::new().head_as_get());
    let server = Server::start(layer.layer(bare())).await;
    for [get, head] in both(&server).await {
        assert_eq!(head.tag(), get.tag());
        assert_eq!(head.field("content-length"), Some("5"));
        assert!(head.body.is_empty());
    }
    let mut h1 = H1::connect(&server).await;
    let tag = h1.request("HEAD", "/", &[]).await.tag().to_owned();
    let condition = format!("if-none-match: {tag}");
    assert_eq!(h1.request("HEAD", "/", &[&condition]).await.status, 304);
    assert_eq!(h1.request("GET", "/", &[]).await.body, b"hello");
}

/// R-9110-8.6-a, R-9110-8.6-b: a `GET` in place of `HEAD` adds no length on a 204, nor on a 304 of
/// the service itself.
#[tokio::test]
async fn head_as_get_adds_no_length_to_204_and_304() {
    let layer = stack().conditional(ConditionalLayer::new().head_as_get());
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let status = &request.uri().path()[1..];
        let response = Response::builder().status(status);
        std::future::ready(response.body(Full::<Bytes>::default()))
    });
    let server = Server::start(layer.layer(service)).await;
    let mut h1 = H1::connect(&server).await;
    let mut h2 = H2::connect(&server).await;
    for status in [204, 304] {
        let path = format!("/{status}");
        for reply in [
            h1.request("HEAD", &path, &[]).await,
            h2.request("HEAD", &path, &[]).await,
        ] {
            assert_eq!(
                (reply.status, reply.field("content-length")),
                (status, None)
            );
        }
    }
}

/// Sends `GET` and `HEAD` over HTTP/1.1 and over HTTP/2.
async fn both(server: &Server) -> [[Reply; 2]; 2] {
    let mut h1 = H1::connect(server).await;
    let mut h2 = H2::connect(server).await;
    [
        [
            h1.request("GET", "/", &[]).await,
            h1.request("HEAD", "/", &[]).await,
        ],
        [
            h2.request("GET", "/", &[]).await,
            h2.request("HEAD", "/", &[]).await,
        ],
    ]
}

/// Returns a service that sends no content to `HEAD`, like one on bare hyper.
fn bare<B: Send + 'static>()
-> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send> + Clone
{
    service_fn(|request: Request<B>| {
        let head = request.method() == Method::HEAD;
        let content = if head { "" } else { "hello" };
        std::future::ready(Ok(Response::new(Full::from(content))))
    })
}
