use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, future::Exchange, rules::Rules};

/// Service that says how responses may be cached.
///
/// See the [module docs](crate::cache_policy) for an example.
#[derive(Debug, Clone)]
pub struct CachePolicyService<S> {
    pub(super) inner: S,
    pub(super) rules: Arc<Rules>,
}

impl<S> CachePolicyService<S> {
    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for CachePolicyService<S>
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
        let (asked, request) = match self.rules.ask_head(&request) {
            Ok(asked) => (asked, request),
            Err(candidates) => self.rules.ask(candidates, request),
        };
        let exchange = Exchange {
            asked,
            rules: Arc::clone(&self.rules),
        };
        ResponseFuture::new(self.inner.call(request), exchange)
    }
}
