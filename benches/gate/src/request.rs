use std::{
    convert::Infallible,
    fmt::Debug,
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header, request::Parts};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use tower::Service;

/// A boxed body, like that of most frameworks.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A request that can be repeated, from its parsed head to the last byte of the response. It
/// returns the status and the length.
pub type OneRequest = Box<dyn FnMut() -> (u16, usize)>;

/// Returns a request to a service that must answer with this status.
///
/// # Panics
///
/// Panics if the status differs, since other code would be counted.
pub fn answers<S, B>(
    status: u16,
    mut service: S,
    method: Method,
    condition: Option<(HeaderName, &str)>,
) -> OneRequest
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    let mut head = head(method);
    if let Some((name, value)) = condition {
        // A server makes the URI like this, and not as a constant.
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        head.headers.insert(name, value);
    }
    let mut one_request: OneRequest =
        Box::new(move || block_on(exchange(&mut service, head.clone())));
    assert_eq!(one_request().0, status);
    one_request
}

/// Returns requests with one head after the other. All must be answered with this status.
///
/// # Panics
///
/// Panics if the status differs, or after the last head.
pub fn answers_each<S, B>(
    status: u16,
    mut service: S,
    method: Method,
    heads: impl IntoIterator<Item = HeaderMap>,
) -> OneRequest
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    let each = heads.into_iter().map(|fields| {
        let mut head = head(method.clone());
        head.headers.extend(fields);
        head
    });
    let mut heads = each.collect::<Vec<_>>().into_iter();
    Box::new(move || {
        let head = heads.as_slice().first().expect("another head").clone();
        let answer = block_on(exchange(&mut service, head));
        assert_eq!(answer.0, status);
        // Dropped here, so that each request pays for one head, as those of `answers` do.
        drop(heads.next());
        answer
    })
}

/// Returns the head of a request like one that a server has parsed.
fn head(method: Method) -> Parts {
    let request = Request::builder()
        .method(method)
        .uri("/notes/1")
        .header(header::HOST, "localhost:3000")
        .header(header::USER_AGENT, "gate/1.0")
        .header(header::ACCEPT, "*/*");
    request.body(()).expect("a valid request").into_parts().0
}

async fn exchange<S, B>(service: &mut S, head: Parts) -> (u16, usize)
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: Debug,
{
    poll_fn(|context| service.poll_ready(context))
        .await
        .expect("a ready service");
    let request = Request::from_parts(head, Empty::new().boxed_unsync());
    let response = service.call(request).await.expect("a response");
    let status = response.status().as_u16();
    let mut body = pin!(response.into_body());
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.expect("a frame").data_ref().map_or(0, Bytes::len);
    }
    (status, length)
}

/// Returns the tag of a service's response.
///
/// # Panics
///
/// Panics if there is none.
pub fn tag_of<S, B>(mut service: S) -> String
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Debug,
{
    let request = Request::from_parts(head(Method::GET), Empty::new().boxed_unsync());
    let response = block_on(service.call(request)).expect("a response");
    let tag = response.headers()[header::ETAG].to_str();
    tag.expect("visible ASCII").to_owned()
}

/// Polls once. Nothing here waits, so no waker is needed.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
