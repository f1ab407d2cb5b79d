use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseFuture,
    layer::{ByResponse, BySource, Config},
    respond::Exchange,
};
use crate::{
    body::ResponseBody,
    clock::{Clock, SystemClock},
    semantics::precondition::Asks,
    source::{self, Ready, ValidatorSource},
};

/// Service that answers conditional reads.
///
/// See the [module docs](crate::conditional) for an example.
#[derive(Debug, Clone)]
pub struct Conditional<S, C = SystemClock, Q = ByResponse> {
    inner: S,
    config: Config<C>,
    by: Q,
}

impl<S, C, Q> Conditional<S, C, Q> {
    pub(super) fn new(inner: S, config: Config<C>, by: Q) -> Self {
        Self { inner, config, by }
    }

    crate::macros::service_accessors!();
}

impl<S, C: Clone, Q> Conditional<S, C, Q> {
    /// What to do about a request; `None` is nothing.
    fn exchange<B>(&self, request: &Request<B>) -> Option<Exchange<C>> {
        if !self.config.methods.contains(request.method()) {
            return None;
        }
        Some(Exchange {
            asks: Asks::of(request.headers()),
            method: request.method().clone(),
            config: self.config.clone(),
        })
    }
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
        let Some(exchange) = self.exchange(&request) else {
            return ResponseFuture::bypass(self.inner.call(request));
        };
        if exchange.drops_content() {
            *request.method_mut() = Method::GET;
        }
        ResponseFuture::watch(self.inner.call(request), exchange)
    }
}

impl<S, C, Q, ReqB, ResB> Service<Request<ReqB>> for Conditional<S, C, BySource<Q>>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: Clock + Clone,
    Q: ValidatorSource,
    ReqB: Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = source::ResponseFuture<S::Future, ResB, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let Some(exchange) = self.exchange(&request) else {
            return source::ResponseFuture::called(self.inner.call(request));
        };
        let service = Ready::take(&mut self.inner);
        let source = Arc::clone(&self.by.source);
        let on_error = self.by.on_error;
        source::ResponseFuture::asked(exchange.run(source, on_error, request, service))
    }
}
