use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ResponseFuture, layer::Config, respond::Exchange};
use crate::{
    body::ResponseBody,
    clock::{Clock, SystemClock},
    semantics::precondition::Asks,
};

/// Service that answers conditional reads.
///
/// See the [module docs](crate::conditional) for an example.
#[derive(Debug, Clone)]
pub struct Conditional<S, C = SystemClock> {
    inner: S,
    config: Config<C>,
}

impl<S, C> Conditional<S, C> {
    pub(super) fn new(inner: S, config: Config<C>) -> Self {
        Self { inner, config }
    }

    crate::macros::service_accessors!();
}

impl<S, C, ReqB, ResB> Service<Request<ReqB>> for Conditional<S, C>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    C: Clock + Clone,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        if !self.config.methods.contains(request.method()) {
            return ResponseFuture::bypass(self.inner.call(request));
        }
        let asks = Asks::of(request.headers());
        if asks.upgrade {
            return ResponseFuture::bypass(self.inner.call(request));
        }
        let exchange = Exchange {
            asks,
            method: request.method().clone(),
            config: self.config.clone(),
        };
        if exchange.drops_content() {
            *request.method_mut() = Method::GET;
        }
        ResponseFuture::watch(self.inner.call(request), exchange)
    }
}
