use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use crate::semantics::coding::TagCodings;

/// Service that makes one strong entity tag per content coding.
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

    crate::macros::service_accessors!();
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

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let method = request.method().clone();
        let asked = self.codings.decode(&method, request.headers_mut());
        ResponseFuture::new(self.inner.call(request), Arc::clone(&self.codings), asked)
    }
}
