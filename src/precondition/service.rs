use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{ResponseFuture, exchange::Exchange, layer::Config};
use crate::{
    body::{ResponseBody, UnreadContent},
    semantics::method::is_safe,
    source::{MayAskService, NoSelfGet, Ready, Unknown, ValidatorSource},
};

/// Service that checks the conditions of writes before they are performed.
///
/// See the [module docs](crate::precondition) for an example.
pub struct Precondition<S, Q = Unknown, G = NoSelfGet, L = NoLock> {
    pub(super) inner: S,
    pub(super) config: Arc<Config<Q, G>>,
    pub(super) lock: L,
}

/// Writes of one resource may come at the same time: the layer has no
/// [lock](super::PreconditionLayer::lock).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct NoLock;

impl<S, Q, G, L> Precondition<S, Q, G, L> {
    pub(super) fn new(inner: S, config: Arc<Config<Q, G>>, lock: L) -> Self {
        Self {
            inner,
            config,
            lock,
        }
    }

    crate::macros::service_accessors!();
}

impl<S, Q, G, ReqB, ResB> Service<Request<ReqB>> for Precondition<S, Q, G>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    Q: ValidatorSource,
    G: MayAskService<S, ReqB>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // `CONNECT` changes no representation (RFC 9110, section 13.2.1).
        if is_safe(request.method()) || request.method() == Method::CONNECT {
            return ResponseFuture::read(self.inner.call(request));
        }
        let (parts, content) = request.into_parts();
        let exchange = Exchange::new(Arc::clone(&self.config), &parts);
        exchange.begin(parts, content, &mut self.inner)
    }
}

impl<Q, G> Exchange<Q, G> {
    /// Calls the service at once where there is nothing to check.
    pub(super) fn begin<S, ReqB, ResB>(
        self,
        parts: Parts,
        content: ReqB,
        inner: &mut S,
    ) -> ResponseFuture<S::Future, ResB, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        Q: ValidatorSource,
        G: MayAskService<S, ReqB>,
    {
        if self.has_nothing_to_check() {
            let request = Request::from_parts(parts, content);
            let renderer = self.config.renderer.clone();
            return ResponseFuture::unconditional(inner.call(request), renderer, self.accepts_json);
        }
        let service = Ready::take(inner);
        let content = UnreadContent::new(&parts, content);
        ResponseFuture::guarded(self.run(parts, content, service, ()))
    }
}

impl<S: Clone, Q, G, L: Clone> Clone for Precondition<S, Q, G, L> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
            lock: self.lock.clone(),
        }
    }
}

impl<S: fmt::Debug, Q, G, L> fmt::Debug for Precondition<S, Q, G, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Precondition")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
