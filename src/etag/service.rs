use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ContentHasher, ResponseFuture, Sha256, future::RequestFacts, tag::EtagConfig};
use crate::body::ResponseBody;

/// Service that gives responses an entity tag.
///
/// See the [module docs](crate::etag) for an example.
#[derive(Debug, Clone)]
pub struct Etag<S, H = Sha256> {
    inner: S,
    config: Arc<EtagConfig<H>>,
}

impl<S, H> Etag<S, H> {
    pub(super) fn new(inner: S, config: Arc<EtagConfig<H>>) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, H, ReqB, ResB> Service<Request<ReqB>> for Etag<S, H>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    H: ContentHasher,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        if !self.config.methods.contains(request.method()) {
            return ResponseFuture::pass(self.inner.call(request));
        }
        let facts = RequestFacts::of(&request, &self.config);
        let config = Arc::clone(&self.config);
        ResponseFuture::tag(self.inner.call(request), config, facts)
    }
}
