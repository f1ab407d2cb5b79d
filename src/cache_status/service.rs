use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, config::Config, future::Asked};
use crate::semantics::field::method::is_safe;

/// Service that says in `Cache-Status` how a request was handled.
///
/// See the [module docs](crate::cache_status) for an example.
#[derive(Debug, Clone)]
pub struct CacheStatus<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> CacheStatus<S> {
    pub(super) fn new(inner: S, config: Arc<Config>) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for CacheStatus<S>
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
        let (parts, body) = request.into_parts();
        let config = &self.config;
        let asked = (config.shown)(&parts).then(|| Asked {
            safe: is_safe(&parts.method),
            config: Arc::clone(config),
        });
        let request = Request::from_parts(parts, body);
        ResponseFuture::new(self.inner.call(request), asked)
    }
}
