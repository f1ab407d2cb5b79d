//! The content of requests, in many frames.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use super::{User, layer};
use crate::{
    body::RequestBody,
    test_support::{Act, ScriptedBody},
};

/// Content of a number of equal frames, without a length.
struct Frames {
    left: usize,
    length: usize,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.left = left;
        let data = Bytes::from(vec![b'x'; self.length]);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

async fn status_of(frames: usize, length: usize, max_bytes: usize) -> u16 {
    let handler = service_fn(move |request: Request<RequestBody<Frames>>| async move {
        let content = request.into_body().collect().await?.to_bytes();
        assert_eq!(content.len(), frames * length);
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let request = Request::post("/orders")
        .header("idempotency-key", "\"a\"")
        .extension(User("alice"))
        .body(Frames {
            left: frames,
            length,
        });
    let service = layer().max_request_bytes(max_bytes).layer(handler);
    let response = service.oneshot(request.expect("a request")).await;
    response.expect("a response").status().as_u16()
}

/// P-ID-reqlimit: the limit counts content, and not the memory of its frames.
#[tokio::test]
async fn the_limit_counts_content() {
    assert_eq!(status_of(714, 1_400, 1_000_000).await, 200);
    assert_eq!(status_of(715, 1_400, 1_000_000).await, 413);
    assert_eq!(status_of(10, 100, 1_000).await, 200);
    assert_eq!(status_of(11, 100, 1_000).await, 413);
    assert_eq!(status_of(100, 1, 1_000).await, 200);
}

/// Frames of one byte, or of none, do not take more memory than their content may.
#[tokio::test]
async fn tiny_frames_are_joined() {
    assert_eq!(status_of(100_000, 1, 100_000).await, 200);
    assert_eq!(status_of(100_001, 1, 100_000).await, 413);
    assert_eq!(status_of(1_000_000, 0, 1_000).await, 200);
}

/// P-ID-reqlimit: the announced length decides before anything is read, and may be the limit.
#[tokio::test]
async fn an_announced_length_may_be_the_limit() {
    for (length, status) in [(10, 200), (11, 413)] {
        let handler = service_fn(|request: Request<RequestBody<Full<Bytes>>>| async {
            request.into_body().collect().await.expect("the content");
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let request = Request::post("/orders")
            .header("idempotency-key", "\"a\"")
            .header("content-length", length)
            .extension(User("alice"))
            .body(Full::from(vec![b'x'; length]));
        let service = layer().max_request_bytes(10).layer(handler);
        let response = service.oneshot(request.expect("a request")).await;
        assert_eq!(response.expect("a response").status(), status);
    }
}

/// P-ID-reqlimit: content that breaks is no request. Nothing runs, and the key stays free.
#[tokio::test]
async fn content_that_breaks_claims_no_key() {
    let layer = layer();
    let handler = service_fn(|request: Request<RequestBody<ScriptedBody>>| async {
        let content = request.into_body().collect().await.expect("the content");
        Ok::<_, Infallible>(Response::new(Full::from(content.to_bytes())))
    });
    let service = layer.layer(handler);
    let post = |acts| {
        let request = Request::post("/orders")
            .header("idempotency-key", "\"a\"")
            .extension(User("alice"))
            .body(ScriptedBody::unsized_(acts));
        service.clone().oneshot(request.expect("a request"))
    };
    let refused = post(vec![Act::data("{"), Act::Error]).await;
    let refused = refused.expect("a response");
    assert_eq!(refused.status(), 400);
    let problem = refused.into_body().collect().await.expect("the content");
    let problem = String::from_utf8(problem.to_bytes().to_vec()).expect("a text");
    assert!(problem.contains("#content-incomplete"), "{problem}");
    let retry = post(vec![Act::data("{}")]).await.expect("a response");
    assert_eq!(retry.status(), 200);
}
