use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, config::CacheStatusConfig, future::ReportedRequest};
use crate::semantics::field::method::is_safe;

/// Service that reports in `Cache-Status` how a request was handled.
///
/// See the [module docs](crate::cache_status) for an example.
#[derive(Debug, Clone)]
pub struct CacheStatus<S> {
    inner: S,
    config: Arc<CacheStatusConfig>,
}

impl<S> CacheStatus<S> {
    pub(super) fn new(inner: S, config: Arc<CacheStatusConfig>) -> Self {
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
        let reported = (config.is_visible)(&parts).then(|| ReportedRequest {
            is_safe: is_safe(&parts.method),
            config: Arc::clone(config),
        });
        let request = Request::from_parts(parts, body);
        ResponseFuture::new(self.inner.call(request), reported)
    }
}
