//! Hand-written lower bounds: no boxing, one fast path, no options. They are no products, but
//! limits for products.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, response::Parts};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::{Layer, Service, layer::layer_fn};

use super::{BARE, Contender};
use crate::{
    case::MIB,
    drive::{drive, drive_with},
    handler::{Handler, OWN_TAG},
    hash::Hash,
};

pub fn pass_through() -> Contender {
    Contender {
        name: "floor: looks, does not hash",
        bare: BARE,
        hash: None,
        open: |case| {
            let floor = Floor {
                inner: Handler::new(case),
                hash: None,
            };
            (!case.is_conditional()).then(|| drive(floor, case))
        },
    }
}

pub fn sha256() -> Contender {
    Contender {
        name: "floor by hand, sha256",
        bare: BARE,
        hash: Some(Hash::Sha256),
        open: |case| {
            let floor = Floor {
                inner: Handler::new(case),
                hash: Some(Hash::Sha256),
            };
            case.sized.then(|| drive(floor, case))
        },
    }
}

pub fn xxh3() -> Contender {
    Contender {
        name: XXH3,
        bare: BARE,
        hash: Some(Hash::Xxh3),
        open: |case| {
            let floor = Floor {
                inner: Handler::new(case),
                hash: Some(Hash::Xxh3),
            };
            case.sized.then(|| drive(floor, case))
        },
    }
}

pub const XXH3: &str = "floor by hand, xxh3";

/// Returns the hand-written layer for any service.
pub fn layer<S>(hash: Hash) -> impl Layer<S, Service = Floor<S>> + Clone {
    layer_fn(move |inner| Floor {
        inner,
        hash: Some(hash),
    })
}

pub fn stored() -> Contender {
    Contender {
        name: "floor: a stored tag, compared before",
        bare: BARE,
        hash: None,
        open: |case| {
            let stored = Stored {
                inner: Handler::new(case),
                tag: OWN_TAG,
            };
            Some(drive_with(stored, case, Some(&OWN_TAG)))
        },
    }
}

#[derive(Clone)]
pub struct Floor<S> {
    inner: S,
    hash: Option<Hash>,
}

impl<S, R, B> Service<Request<R>> for Floor<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    type Response = Response<FloorBody<B>>;
    type Error = S::Error;
    type Future = FloorFuture<S::Future, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<R>) -> Self::Future {
        let safe = matches!(*request.method(), Method::GET | Method::HEAD);
        let condition = request.headers_mut().remove(header::IF_NONE_MATCH);
        FloorFuture {
            hash: self.hash.filter(|_| safe),
            condition,
            head: None,
            frames: Pieces::default(),
            state: State::Inner {
                future: self.inner.call(request),
            },
        }
    }
}

pin_project! {
    pub struct FloorFuture<F, B> {
        hash: Option<Hash>,
        condition: Option<HeaderValue>,
        head: Option<Parts>,
        frames: Pieces,
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B> {
        Inner { #[pin] future: F },
        Collect { #[pin] body: B },
    }
}

/// A list for several pieces. One piece needs none.
#[derive(Default)]
struct Pieces {
    only: Option<Bytes>,
    many: Vec<Bytes>,
}

impl Pieces {
    fn push(&mut self, piece: Bytes) {
        if self.many.is_empty() && self.only.is_none() {
            self.only = Some(piece);
        } else {
            self.many.extend(self.only.take());
            self.many.push(piece);
        }
    }

    fn as_slice(&self) -> &[Bytes] {
        self.only.as_ref().map_or(&self.many, std::slice::from_ref)
    }
}

impl<F, B, E> Future for FloorFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<FloorBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Inner { future } => {
                    let (head, body) = ready!(future.poll(context))?.into_parts();
                    let known = body.size_hint().exact().is_some_and(|n| n <= MIB as u64);
                    let eligible = known
                        && head.status == StatusCode::OK
                        && !head.headers.contains_key(header::ETAG);
                    if this.hash.is_none() || !eligible {
                        let body = FloorBody::Inner { body };
                        return Poll::Ready(Ok(Response::from_parts(head, body)));
                    }
                    *this.head = Some(head);
                    this.state.set(State::Collect { body });
                }
                StateProj::Collect { mut body } => {
                    while !body.is_end_stream() {
                        match ready!(body.as_mut().poll_frame(context)) {
                            Some(Ok(frame)) => {
                                if let Ok(data) = frame.into_data() {
                                    this.frames.push(data);
                                }
                            }
                            _ => break,
                        }
                    }
                    let hash = this.hash.unwrap_or(Hash::Xxh3);
                    let head = this.head.take().expect("polled once to its end");
                    let frames = std::mem::take(this.frames);
                    return Poll::Ready(Ok(answer(head, frames, hash, this.condition.as_ref())));
                }
            }
        }
    }
}

fn answer<B>(
    mut head: Parts,
    frames: Pieces,
    hash: Hash,
    condition: Option<&HeaderValue>,
) -> Response<FloorBody<B>> {
    let mut text = [b'"'; 24];
    URL_SAFE_NO_PAD
        .encode_slice(hash.digest(frames.as_slice()), &mut text[1..23])
        .expect("16 bytes are 22 characters");
    let tag = HeaderValue::from_bytes(&text).expect("base64 is a valid value");
    let current = condition == Some(&tag);
    head.headers.insert(header::ETAG, tag);
    if current {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(head, FloorBody::collected(Pieces::default()));
    }
    Response::from_parts(head, FloorBody::collected(frames))
}

pin_project! {
    #[project = FloorBodyProj]
    pub enum FloorBody<B> {
        Inner { #[pin] body: B },
        Collected { first: Option<Bytes>, rest: std::vec::IntoIter<Bytes>, left: usize },
    }
}

impl<B> FloorBody<B> {
    fn collected(pieces: Pieces) -> Self {
        Self::Collected {
            left: pieces.as_slice().iter().map(Bytes::len).sum(),
            first: pieces.only,
            rest: pieces.many.into_iter(),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for FloorBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project() {
            FloorBodyProj::Inner { body } => body.poll_frame(context),
            FloorBodyProj::Collected { first, rest, left } => {
                let next = first.take().or_else(|| rest.next());
                Poll::Ready(next.map(|frame| {
                    *left -= frame.len();
                    Ok(Frame::data(frame))
                }))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Inner { body } => body.is_end_stream(),
            Self::Collected { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Inner { body } => body.size_hint(),
            Self::Collected { left, .. } => SizeHint::with_exact(*left as u64),
        }
    }
}

/// A layer that compares one tag byte for byte, and refuses without content.
#[derive(Clone)]
struct Stored<S> {
    inner: S,
    tag: HeaderValue,
}

impl<S, R, B> Service<Request<R>> for Stored<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    type Response = Response<FloorBody<B>>;
    type Error = S::Error;
    type Future = StoredFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        let fields = request.headers();
        let safe = matches!(*request.method(), Method::GET | Method::HEAD);
        let status = if safe && fields.get(header::IF_NONE_MATCH) == Some(&self.tag) {
            Some(StatusCode::NOT_MODIFIED)
        } else if !safe
            && fields
                .get(header::IF_MATCH)
                .is_some_and(|tag| tag != self.tag)
        {
            Some(StatusCode::PRECONDITION_FAILED)
        } else {
            None
        };
        let tag = self.tag.clone();
        match status {
            Some(status) => StoredFuture::Decided {
                status,
                tag: Some(tag),
            },
            None => StoredFuture::Inner {
                future: self.inner.call(request),
                tag: safe.then_some(tag),
            },
        }
    }
}

pin_project! {
    #[project = StoredFutureProj]
    enum StoredFuture<F> {
        Decided { status: StatusCode, tag: Option<HeaderValue> },
        Inner { #[pin] future: F, tag: Option<HeaderValue> },
    }
}

impl<F, B, E> Future for StoredFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<FloorBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut response, tag) = match self.project() {
            StoredFutureProj::Decided { status, tag } => {
                let mut response = Response::new(FloorBody::collected(Pieces::default()));
                *response.status_mut() = *status;
                (response, tag)
            }
            StoredFutureProj::Inner { future, tag } => {
                let response = ready!(future.poll(context))?;
                (response.map(|body| FloorBody::Inner { body }), tag)
            }
        };
        if let Some(tag) = tag.take() {
            response.headers_mut().insert(header::ETAG, tag);
        }
        Poll::Ready(Ok(response))
    }
}
