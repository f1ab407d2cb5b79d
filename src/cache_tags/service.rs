use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, request::Parts};
use tower_service::Service;

use super::{CacheTagSource, ResponseFuture, rules::Rules, step::Step};
use crate::semantics::caching::cache_tags::{Effect, effect};

/// Service that names responses for caches, and has them forgotten after a
/// write.
///
/// See the [module docs](crate::cache_tags) for an example.
pub struct CacheTagging<S, Q> {
    inner: S,
    source: Arc<Q>,
    rules: Arc<Rules>,
}

impl<S, Q> CacheTagging<S, Q> {
    pub(super) fn new(inner: S, source: Arc<Q>, rules: Arc<Rules>) -> Self {
        Self {
            inner,
            source,
            rules,
        }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, Q, ReqB, ResB> Service<Request<ReqB>> for CacheTagging<S, Q>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    Q: CacheTagSource,
{
    type Response = Response<ResB>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let (parts, content) = request.into_parts();
        let step = self.step(&parts);
        let request = Request::from_parts(parts, content);
        ResponseFuture::new(self.inner.call(request), step)
    }
}

impl<S, Q: CacheTagSource> CacheTagging<S, Q> {
    fn step(&self, request: &Parts) -> Step {
        let rules = || Arc::clone(&self.rules);
        match effect(&request.method) {
            Effect::Fills => Step::Read {
                rules: rules(),
                tags: self.source.tags(request),
            },
            Effect::Invalidates if !self.rules.only_reads(request) => {
                Step::write(rules(), self.source.tags(request), request)
            }
            Effect::Invalidates | Effect::None => Step::Pass,
        }
    }
}

impl<S: Clone, Q> Clone for CacheTagging<S, Q> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            source: Arc::clone(&self.source),
            rules: Arc::clone(&self.rules),
        }
    }
}

impl<S: fmt::Debug, Q> fmt::Debug for CacheTagging<S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheTagging")
            .field("inner", &self.inner)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
