//! Content of requests and responses with a key, in several frames.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, response::Response, routing::any};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use tokio_stream::iter;
use tower::ServiceExt;
use tower_conditional::stack;

use super::{Count, REPLAYED, exchange, keyed, keys, problem};

/// P-ID-oversize: trailers, content of no known length and content that breaks reach the first
/// client as they are. A retry runs nothing.
#[tokio::test]
async fn content_that_cannot_be_repeated_seals_its_key() {
    fn frames(frames: Vec<Result<Frame<Bytes>, std::io::Error>>) -> Body {
        Body::new(StreamBody::new(iter(frames)))
    }
    let data = || Ok(Frame::data(Bytes::from("data")));
    for (case, length, body) in [
        ("unknown length", 8, vec![data(), data()]),
        (
            "trailers",
            4,
            vec![
                data(),
                Ok(Frame::trailers(HeaderMap::from_iter([(
                    header::ETAG,
                    HeaderValue::from_static("\"x\""),
                )]))),
            ],
        ),
        ("nothing of no known length", 0, vec![]),
    ] {
        let count = Count::default();
        let (runs, body) = (count.clone(), Arc::new(Mutex::new(Some(body))));
        let handler = move || {
            runs.add();
            let body = body.lock().unwrap().take().unwrap();
            async { Response::new(frames(body)) }
        };
        let app = Router::new()
            .route("/", any(handler))
            .layer(stack().idempotency(keys()));
        let first = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!((first.status, first.body.len()), (200, length), "{case}");
        let retry = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!(
            (retry.status, &*problem(&retry), count.get()),
            (409, "sealed", 1),
            "{case}"
        );
    }
}

/// The content of a first response is complete before its client sees the head. So a slow client
/// holds no key.
#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_holds_no_key() {
    let app = Router::new()
        .route("/", any(async || "x".repeat(200_000)))
        .layer(stack().idempotency(keys()));
    let request = Request::post("/")
        .header("idempotency-key", "\"a\"")
        .body(Body::empty())
        .unwrap();
    let first = app.clone().oneshot(request).await.unwrap();
    let retry = keyed(&app, "POST", "/", "a", &[]).await;
    assert_eq!(
        (retry.status, retry.field(REPLAYED), retry.body.len()),
        (200, Some("true"), 200_000)
    );
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(
        first.into_body().collect().await.unwrap().to_bytes().len(),
        200_000
    );
}

/// R-IK07-2.6-a: the handler gets the content, its length and its trailers as without the layer.
#[tokio::test]
async fn trailers_of_a_request_reach_the_handler() {
    let handler = async |request: Request<Body>| {
        let hint = request.body().size_hint().exact();
        let content = request.into_body().collect().await.unwrap();
        let trailer = content
            .trailers()
            .and_then(|trailers| trailers.get("x-sum").cloned());
        format!("{hint:?} {trailer:?} {:?}", content.to_bytes())
    };
    let mut seen = Vec::new();
    for app in [
        Router::new().route("/", any(handler)),
        Router::new()
            .route("/", any(handler))
            .layer(stack().idempotency(keys())),
    ] {
        let frames = [
            Ok::<_, std::io::Error>(Frame::data(Bytes::from("one"))),
            Ok(Frame::trailers(HeaderMap::from_iter([(
                header::HeaderName::from_static("x-sum"),
                HeaderValue::from_static("7"),
            )]))),
        ];
        let request = Request::post("/").header("idempotency-key", "\"a\"");
        let request = request
            .body(Body::new(StreamBody::new(iter(frames))))
            .unwrap();
        seen.push(String::from_utf8(exchange(&app, request).await.body).unwrap());
    }
    assert!(seen[0].ends_with("Some(\"7\") b\"one\""), "{seen:?}");
    assert!(seen[1].ends_with("Some(\"7\") b\"one\""), "{seen:?}");
}
