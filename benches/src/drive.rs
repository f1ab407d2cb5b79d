//! The run of one request through a service, to the end of the body.

use std::{
    fmt::Debug,
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header::ETAG, request::Parts,
};
use tokio::runtime::{Builder, Runtime};
use tower::Service;

use crate::case::Case;

/// A request that can be repeated, from its parsed head to the last byte of the response.
pub type OneRequest = Box<dyn FnMut() -> Reply>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reply {
    pub status: u16,
    pub length: usize,
}

impl Reply {
    /// Panics if a contender gives another response than the case expects, since its figure would
    /// mean nothing.
    pub fn check(self, case: &Case) {
        let status = case.condition.status();
        let length = match status {
            200 => case.content.len(),
            304 => 0,
            // Each contender may refuse in its own way.
            _ => self.length,
        };
        assert_eq!(self, Self { status, length }, "{}", case.title());
    }
}

/// Polls until ready. Nothing here waits, so no waker is needed.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Returns a runtime for the contenders that need tokio, and for their bare services.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Returns a service of `http` 1 as a contender. For a conditional case, the tag is read from the
/// service itself.
pub fn drive<S, B>(mut service: S, case: &Case) -> OneRequest
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    let head = case.request();
    let first = case
        .is_conditional()
        .then(|| block_on(exchange(&mut service, head.clone())));
    let tag = first.and_then(|first| first.headers().get(ETAG).cloned());
    drive_with(service, case, tag.as_ref())
}

/// Returns a service of `http` 1 that compares with this tag.
pub fn drive_with<S, B>(mut service: S, case: &Case, tag: Option<&HeaderValue>) -> OneRequest
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    let mut head = case.request();
    add_condition(&mut head.headers, case, tag);
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

pub fn add_condition(headers: &mut HeaderMap, case: &Case, tag: Option<&HeaderValue>) {
    if let Some((name, value)) = case.condition.field(tag.map(HeaderValue::as_bytes)) {
        let value = HeaderValue::from_bytes(&value).expect("a tag");
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Runs the whole exchange. The body of the response is replaced by its length.
async fn exchange<S, B>(service: &mut S, head: Parts) -> Response<usize>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    collect(service, Request::from_parts(head, Body::empty())).await
}

/// Runs the whole exchange of a request with content.
///
/// # Panics
///
/// Panics if the service or the body of its response fails.
pub async fn collect<S, B>(service: &mut S, request: Request<Body>) -> Response<usize>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    poll_fn(|context| service.poll_ready(context))
        .await
        .expect("a ready service");
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
