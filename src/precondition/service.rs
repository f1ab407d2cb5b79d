use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ResponseFuture, exchange::Exchange, layer::Config};
use crate::{
    body::ResponseBody,
    semantics::method::is_safe,
    source::{MayAskService, NoSelfGet, Ready, Unknown, ValidatorSource},
};

/// Service that checks the conditions of writes before they are performed.
///
/// See the [module docs](crate::precondition) for an example.
pub struct Precondition<S, Q = Unknown, G = NoSelfGet> {
    inner: S,
    config: Arc<Config<Q, G>>,
}

impl<S, Q, G> Precondition<S, Q, G> {
    pub(super) fn new(inner: S, config: Arc<Config<Q, G>>) -> Self {
        Self { inner, config }
    }

    crate::macros::service_accessors!();
}

impl<S, Q, G, ReqB, ResB> Service<Request<ReqB>> for Precondition<S, Q, G>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Send + 'static,
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

        #[cfg(feature = "tokio")]
        if let Some(turn) = self.config.turn(&parts) {
            let service = Ready::take(&mut self.inner);
            return ResponseFuture::guarded(turn.run(exchange.locked(), parts, content, service));
        }
        if exchange.has_nothing_to_check() {
            let request = Request::from_parts(parts, content);
            let renderer = self.config.renderer.clone();
            let future = self.inner.call(request);
            return ResponseFuture::unconditional(future, renderer, exchange.accepts_json);
        }
        let service = Ready::take(&mut self.inner);
        ResponseFuture::guarded(exchange.run(parts, content, service))
    }
}

impl<S: Clone, Q, G> Clone for Precondition<S, Q, G> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
        }
    }
}

impl<S: fmt::Debug, Q, G> fmt::Debug for Precondition<S, Q, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Precondition")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
