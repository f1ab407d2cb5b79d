//! tower-etag-cache: blake3, with the tags kept by one task behind a channel. It still uses `http`
//! 0.2.

use std::{
    convert::Infallible,
    fmt::Debug,
    future::{Ready, poll_fn, ready},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body04::{Body, SizeHint, combinators::UnsyncBoxBody};
use http02::{
    HeaderMap, Request, Response,
    header::{self, HeaderValue},
};
use tokio::runtime::Runtime;
use tower::{Layer, Service};
use tower_etag_cache::{EtagCacheLayer, const_lru_provider::ConstLruProvider};

use super::Contender;
use crate::{
    case::Case,
    drive::{OneRequest, Reply, runtime},
    handler::Frames,
    hash::Hash,
};

pub const NAME: &str = "tower-etag-cache, blake3";
const BARE: &str = "bare service, http 0.2";
/// The set-up of the crate's own documentation.
const TAGS: usize = 255;
const WAITING: usize = 5;

pub fn bare() -> Contender {
    Contender {
        name: BARE,
        bare: BARE,
        hash: None,
        open: |case| {
            (case.reads() && !case.is_conditional())
                .then(|| drive(runtime(), Handler(case.clone()), case))
        },
    }
}

pub fn contender() -> Contender {
    Contender {
        name: NAME,
        bare: BARE,
        hash: Some(Hash::Blake3),
        open: |case| {
            // The crate evaluates only reads.
            if !case.reads() {
                return None;
            }
            let runtime = runtime();
            let provider =
                runtime.block_on(async { ConstLruProvider::<_, _, TAGS, u8>::init(WAITING) });
            let layer = EtagCacheLayer::with_default_predicate(provider);
            Some(drive(runtime, layer.layer(Handler(case.clone())), case))
        },
    }
}

#[derive(Clone)]
struct Handler(Case);

impl Service<Request<()>> for Handler {
    type Response = Response<UnsyncBoxBody<Bytes, Infallible>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let body = UnsyncBoxBody::new(Content(Frames {
            rest: self.0.content.clone(),
            size: self.0.frame_size(),
            sized: self.0.sized,
        }));
        let mut response = Response::new(body);
        let content_type = HeaderValue::from_static(self.0.content_type);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        ready(Ok(response))
    }
}

struct Content(Frames);

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_data(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let frames = &mut self.0;
        if frames.rest.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(frames.rest.split_to(frames.size))))
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, Infallible>> {
        Poll::Ready(Ok(None))
    }

    fn is_end_stream(&self) -> bool {
        self.0.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.0.sized {
            SizeHint::with_exact(self.0.rest.len() as u64)
        } else {
            SizeHint::default()
        }
    }
}

/// `http` 0.2 has no `Parts` that can be cloned. Method and target are constant here.
#[derive(Clone)]
struct Head(HeaderMap);

impl Head {
    fn new(case: &Case) -> Self {
        let head = case.request();
        let fields = head.headers.iter().map(|(name, value)| {
            (
                header::HeaderName::from_bytes(name.as_ref()).expect("a field name"),
                HeaderValue::from_bytes(value.as_ref()).expect("a field value"),
            )
        });
        Self(fields.collect())
    }

    fn request(&self) -> Request<()> {
        let mut request = Request::new(());
        *request.uri_mut() = http02::Uri::from_static("/notes/1");
        *request.headers_mut() = self.0.clone();
        request
    }
}

fn drive<S, B>(runtime: Runtime, mut service: S, case: &Case) -> OneRequest
where
    S: Service<Request<()>, Response = Response<B>, Error: Debug> + 'static,
    B: Body<Data = Bytes, Error: Debug>,
{
    let mut head = Head::new(case);
    if case.is_conditional() {
        let first = runtime.block_on(exchange(&mut service, head.request()));
        let tag = first.headers().get(header::ETAG);
        if let Some((name, value)) = case.condition.field(tag.map(HeaderValue::as_bytes)) {
            let value = HeaderValue::from_bytes(&value).expect("a tag");
            head.0.insert(header::HeaderName::from_static(name), value);
        }
    }
    let mut one_request: OneRequest = Box::new(move || {
        let response = runtime.block_on(exchange(&mut service, head.request()));
        Reply {
            status: response.status().as_u16(),
            length: *response.body(),
        }
    });
    one_request().check(case);
    one_request
}

async fn exchange<S, B>(service: &mut S, request: Request<()>) -> Response<usize>
where
    S: Service<Request<()>, Response = Response<B>, Error: Debug>,
    B: Body<Data = Bytes, Error: Debug>,
{
    poll_fn(|context| service.poll_ready(context))
        .await
        .expect("a ready service");
    let response = service.call(request).await.expect("a response");
    let (parts, body) = response.into_parts();
    let mut body = pin!(body);
    let mut length = 0;
    while let Some(data) = poll_fn(|context| body.as_mut().poll_data(context)).await {
        length += data.expect("data").len();
    }
    Response::from_parts(parts, length)
}
