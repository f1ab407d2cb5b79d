//! Runs one request through a service, to the end of the body.

use std::{
    fmt::Debug,
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{ETAG, IF_NONE_MATCH},
    request::Parts,
};
use tokio::runtime::{Builder, Runtime};
use tower::Service;

use crate::case::Case;

/// One request, from its parsed head to the last byte of the answer.
pub type OneRequest = Box<dyn FnMut() -> Reply>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reply {
    pub status: u16,
    pub length: usize,
}

impl Reply {
    /// A contender that answers something else than the case asks for would be measured for nothing.
    pub fn check(self, case: &Case) {
        let expected = if case.revalidates {
            Self {
                status: 304,
                length: 0,
            }
        } else {
            Self {
                status: 200,
                length: case.content.len(),
            }
        };
        assert_eq!(self, expected, "{}", case.name);
    }
}

/// Polls until ready. Nothing here waits for anything, so there is nobody to be woken.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// For the contenders that do not work without tokio, and for their own bare services.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A service of `http` 1 as a contender; a revalidating case learns the tag from the service itself.
pub fn drive<S, B>(mut service: S, case: &Case) -> OneRequest
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    let mut head = case.request();
    if case.revalidates {
        let first = block_on(exchange(&mut service, head.clone()));
        head.headers
            .insert(IF_NONE_MATCH, tag_of(first.headers().get(ETAG)));
    }
    let mut one_request: OneRequest = Box::new(move || {
        let response = block_on(exchange(&mut service, head.clone()));
        Reply {
            status: response.status().as_u16(),
            length: *response.body(),
        }
    });
    one_request().check(case);
    one_request
}

/// # Panics
///
/// When there is none: the case cannot be revalidated then.
pub fn tag_of(field: Option<&HeaderValue>) -> HeaderValue {
    field.expect("the contender sets an ETag").clone()
}

/// The whole exchange; the answer's body is replaced by its length.
async fn exchange<S, B>(service: &mut S, head: Parts) -> Response<usize>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    poll_fn(|context| service.poll_ready(context))
        .await
        .expect("a ready service");
    let request = Request::from_parts(head, Body::empty());
    let response = service.call(request).await.expect("a response");
    debug_assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let (parts, body) = response.into_parts();
    let mut body = pin!(body);
    let mut length = 0;
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.expect("a frame");
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    Response::from_parts(parts, length)
}
