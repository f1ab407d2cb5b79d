//! A body that breaks is never taken for a complete one (P-TR-bodyerr, R-9111-3.3-a).

use std::sync::Arc;

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tower::{BoxError, ServiceBuilder, util::MapResponseLayer};
use tower_conditional::stack;

use crate::support::{H1, H2, Hint, Scripted, Server, broken, data, in_time};

const HALF: &str = "0123456789";
/// The conditions of the requests. No tag is known, so only `If-Match: *` is true.
const CONDITIONS: [&str; 3] = ["accept: */*", "if-none-match: \"x\"", "if-match: *"];
/// The lengths: one that is read for a hash, and one that is too long.
const PATHS: [&str; 2] = ["/hashed", "/passing"];

fn router() -> Router {
    let frames = || [data(HALF), broken()];
    let hashed = move || async move {
        let body = Scripted::new(frames(), Hint::Exact);
        Body::new(body.announcing(20))
    };
    let passing = move || async move { Body::new(Scripted::new(frames(), Hint::Unknown)) };
    Router::new()
        .route(PATHS[0], get(hashed))
        .route(PATHS[1], get(passing))
        .route("/whole", get(|| async { "whole" }))
}

/// Returns both placements of the stack, with a layer outside that delays the break. If a body
/// breaks at once, `hyper` drops everything that is not flushed, even the head. So the break waits
/// until the client has seen the rest.
async fn servers(seen: &Arc<Notify>) -> [Server; 2] {
    let seen = Arc::clone(seen);
    let inside = MapResponseLayer::new({
        let seen = Arc::clone(&seen);
        move |response: Response<Body>| hold_error(response, Arc::clone(&seen))
    });
    let around = ServiceBuilder::new()
        .map_response(move |response| hold_error(response, Arc::clone(&seen)))
        .layer(stack())
        .service(router());
    [
        Server::start(router().layer(stack()).layer(inside)).await,
        Server::start(around).await,
    ]
}

fn hold_error<B>(response: Response<B>, seen: Arc<Notify>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
{
    let (head, body) = response.into_parts();
    let (frames, held) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut body = std::pin::pin!(body);
        while let Some(frame) = body.frame().await {
            if frame.is_err() {
                seen.notified().await;
            }
            // A client that has disconnected needs no more frames.
            if frames.send(frame).is_err() {
                break;
            }
        }
    });
    let held = StreamBody::new(UnboundedReceiverStream::new(held));
    Response::from_parts(head, Body::new(held))
}

/// P-TR-bodyerr, R-9111-3.3-a: after the same bytes, the connection ends before the message does.
#[tokio::test]
async fn a_broken_body_ends_the_connection_over_http1() {
    let seen = Arc::new(Notify::new());
    for server in servers(&seen).await {
        for path in PATHS {
            for condition in CONDITIONS {
                let mut h1 = H1::connect(&server).await;
                h1.send("GET", path, &[condition]).await;
                let (status, headers) = in_time(h1.head()).await.unwrap();
                assert_eq!((status, headers.get("etag")), (200, None), "{path}");
                let half = if headers.contains_key("content-length") {
                    assert_eq!(headers["content-length"], "20");
                    in_time(h1.take(HALF.len())).await
                } else {
                    in_time(h1.chunk()).await.unwrap().unwrap()
                };
                assert_eq!(half, HALF.as_bytes());
                seen.notify_one();
                // There is no more content and no last chunk.
                assert_eq!(in_time(h1.rest()).await, b"", "{path} {condition}");
            }
        }
    }
}

/// P-TR-bodyerr, R-9111-3.3-a: after the same bytes, the stream is reset, and only that stream.
#[tokio::test]
async fn a_broken_body_resets_the_stream_over_http2() {
    let seen = Arc::new(Notify::new());
    for server in servers(&seen).await {
        let mut h2 = H2::connect(&server).await;
        for path in PATHS {
            for condition in CONDITIONS {
                let response = in_time(h2.send("GET", path, &[condition])).await;
                assert_eq!(response.status(), 200, "{path} {condition}");
                assert_eq!(response.headers().get("etag"), None, "{path}");
                let mut body = response.into_body();
                let frame = in_time(body.frame()).await.unwrap().unwrap();
                assert_eq!(frame.into_data().unwrap(), HALF);
                seen.notify_one();
                let end = in_time(body.frame()).await.expect("an error, not an end");
                assert!(end.is_err(), "{path} {condition} {end:?}");
            }
        }
        assert_eq!(h2.request("GET", "/whole", &[]).await.body, b"whole");
    }
}
