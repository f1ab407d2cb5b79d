use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, future::PendingPolicy, rules::PolicyRules};

/// Service that sets the cache policy of responses.
///
/// See the [module docs](crate::cache_policy) for an example.
#[derive(Debug, Clone)]
pub struct CachePolicyService<S> {
    pub(super) inner: S,
    pub(super) rules: Arc<PolicyRules>,
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
        let (matched, request) = match self.rules.match_head(&request) {
            Ok(matched) => (matched, request),
            Err(candidates) => self.rules.match_conditions(candidates, request),
        };
        let pending = PendingPolicy {
            matched,
            rules: Arc::clone(&self.rules),
        };
        ResponseFuture::new(self.inner.call(request), pending)
    }
}
