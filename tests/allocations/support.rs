//! A service with known allocations, and the difference that a layer makes.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use tower::{Layer, Service};

const ROUNDS: u64 = 100;

/// A body in frames of one buffer, with or without an exact size.
pub(crate) struct Frames {
    empty: u32,
    content: Bytes,
    frame: usize,
    sized: bool,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.empty > 0 {
            self.empty -= 1;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::new()))));
        }
        if self.content.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.frame.min(self.content.len());
        Poll::Ready(Some(Ok(Frame::data(self.content.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.sized {
            SizeHint::with_exact(self.content.len() as u64)
        } else {
            SizeHint::new()
        }
    }
}

#[derive(Clone)]
pub(crate) struct Handler {
    empty: u32,
    content: Bytes,
    frame: usize,
    sized: bool,
    field: Option<(HeaderName, HeaderValue)>,
    status: StatusCode,
}

impl Handler {
    pub(crate) fn new(length: usize, frame: usize) -> Self {
        Self {
            empty: 0,
            content: Bytes::from_static(vec![7; length].leak()),
            frame,
            sized: true,
            field: None,
            status: StatusCode::OK,
        }
    }

    pub(crate) fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self {
            field: Some((name, HeaderValue::from_static(value))),
            ..self
        }
    }

    /// Adds so many frames without data before the content.
    pub(crate) fn after_empty_frames(self, empty: u32) -> Self {
        Self { empty, ..self }
    }

    pub(crate) fn responding(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn unsized_(self) -> Self {
        Self {
            sized: false,
            ..self
        }
    }
}

impl Service<Request<Empty<Bytes>>> for Handler {
    type Response = Response<Frames>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Frames>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        let mut response = Response::new(Frames {
            empty: self.empty,
            content: self.content.clone(),
            frame: self.frame,
            sized: self.sized,
        });
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        if let Some((name, value)) = self.field.clone() {
            headers.insert(name, value);
        }
        ready(Ok(response))
    }
}

fn poll_to_end<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// Calls the service and reads the body of its response.
fn answer<S, B>(service: &mut S, request: Request<Empty<Bytes>>)
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let Ok(response) = poll_to_end(service.call(request));
    let mut body = pin!(black_box(response).into_body());
    while let Some(frame) = poll_to_end(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx))) {
        black_box(frame.is_ok());
    }
}

pub(crate) fn request(method: &Method, condition: Option<&'static str>) -> Request<Empty<Bytes>> {
    let mut request = Request::builder()
        .method(method)
        .body(Empty::new())
        .unwrap();
    if let Some(tag) = condition {
        request
            .headers_mut()
            .insert(header::IF_NONE_MATCH, HeaderValue::from_static(tag));
    }
    request
}

/// Returns a write with this condition.
pub(crate) fn write(
    method: &Method,
    fields: &[(HeaderName, &'static str)],
) -> Request<Empty<Bytes>> {
    let mut request = request(method, None);
    for (name, value) in fields {
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    request
}

/// Returns the allocations of a request, and the largest number of bytes held at once.
pub(crate) fn cost<S, B>(
    mut service: S,
    method: &Method,
    condition: Option<&'static str>,
) -> AllocationInfo
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    answer(&mut service, request(method, condition));
    let mut info = measure(|| {
        for _ in 0..ROUNDS {
            answer(&mut service, request(method, condition));
        }
    });
    assert_eq!(info.count_total % ROUNDS, 0, "not the same every time");
    info.count_total /= ROUNDS;
    info
}

/// Returns the allocations that `layer` adds to one exchange, and the bytes that it adds to the
/// largest number held at once.
pub(crate) fn added<L, B>(
    layer: &L,
    handler: &Handler,
    method: &Method,
    condition: Option<&'static str>,
) -> (i64, i64)
where
    L: Layer<Handler>,
    L::Service: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let bare = cost(handler.clone(), method, condition);
    let layered = cost(layer.layer(handler.clone()), method, condition);
    difference(&layered, &bare)
}

pub(crate) fn difference(layered: &AllocationInfo, bare: &AllocationInfo) -> (i64, i64) {
    (
        layered.count_total as i64 - bare.count_total as i64,
        layered.bytes_max as i64 - bare.bytes_max as i64,
    )
}

/// Returns the allocations of one exchange.
pub(crate) fn allocations<S, B>(service: S, make: impl Fn() -> Request<Empty<Bytes>>) -> i64
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let count = total_allocations(service, make);
    assert_eq!(count % ROUNDS, 0, "not the same every time");
    (count / ROUNDS) as i64
}

/// Returns the allocations of one exchange, where the same exchange has others each time.
#[cfg(feature = "tokio")]
pub(crate) fn average_allocations<S, B>(service: S, make: impl Fn() -> Request<Empty<Bytes>>) -> i64
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    total_allocations(service, make).div_ceil(ROUNDS) as i64
}

fn total_allocations<S, B>(mut service: S, make: impl Fn() -> Request<Empty<Bytes>>) -> u64
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    answer(&mut service, make());
    let made = measure(|| {
        for _ in 0..ROUNDS {
            black_box(make());
        }
    });
    let info = measure(|| {
        for _ in 0..ROUNDS {
            answer(&mut service, make());
        }
    });
    info.count_total - made.count_total
}
