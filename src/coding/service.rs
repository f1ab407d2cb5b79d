use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use crate::semantics::validator::coding::{TagCodings, is_conditional};

/// Service that gives each content coding its own strong entity tag.
///
/// See the [module docs](crate::coding) for an example.
#[derive(Debug, Clone)]
pub struct CodingTag<S> {
    inner: S,
    codings: Arc<TagCodings>,
}

impl<S> CodingTag<S> {
    pub(super) fn new(inner: S, codings: Arc<TagCodings>) -> Self {
        Self { inner, codings }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for CodingTag<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
{
    type Response = Response<ResB>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let codings = Arc::clone(&self.codings);
        // Most requests are unconditional. For them the request is not taken apart.
        if !is_conditional(request.headers()) {
            let decoded = codings.decode_unconditional(request.method(), request.headers());
            return ResponseFuture::new(self.inner.call(request), codings, decoded);
        }
        let (mut parts, content) = request.into_parts();
        let decoded = codings.decode(&parts.method, &mut parts.headers);
        let request = Request::from_parts(parts, content);
        ResponseFuture::new(self.inner.call(request), codings, decoded)
    }
}
