use std::{
    fmt,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    ObservedBody, ResponseFuture,
    config::ObserveConfig,
    exchange::{enter, is_nested},
};

/// Service that reports each exchange to an observer.
///
/// See the [module docs](crate::observe) for an example.
#[derive(Clone)]
pub struct Observe<S> {
    inner: S,
    config: ObserveConfig,
}

impl<S> Observe<S> {
    pub(super) fn new(inner: S, config: ObserveConfig) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Observe<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<ObservedBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // A layer outside has sent the request, such as the `GET` of a `SelfGet`.
        if is_nested() {
            return ResponseFuture::new(self.inner.call(request), None);
        }
        let (scope, request) = self.config.begin(request);
        let mut scope = Some(scope);
        let future = enter(&mut scope, || self.inner.call(request));
        ResponseFuture::new(future, scope)
    }
}

impl<S: fmt::Debug> fmt::Debug for Observe<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observe")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
