use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, request::Parts};
use tower_service::Service;

use super::{CacheTagSource, ResponseFuture, action::TagAction, config::CacheTagsConfig};
use crate::semantics::caching::cache_tags::{MethodEffect, effect};

/// Service that adds cache tags to responses, and purges caches after a write.
///
/// See the [module docs](crate::cache_tags) for an example.
pub struct CacheTagsService<S, Q> {
    inner: S,
    source: Arc<Q>,
    config: Arc<CacheTagsConfig>,
}

impl<S, Q> CacheTagsService<S, Q> {
    pub(super) fn new(inner: S, source: Arc<Q>, config: Arc<CacheTagsConfig>) -> Self {
        Self {
            inner,
            source,
            config,
        }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, Q, ReqB, ResB> Service<Request<ReqB>> for CacheTagsService<S, Q>
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
        let action = self.action(&parts);
        let request = Request::from_parts(parts, content);
        let future = action.watch(|| self.inner.call(request));
        ResponseFuture::new(future, action)
    }
}

impl<S, Q: CacheTagSource> CacheTagsService<S, Q> {
    fn action(&self, request: &Parts) -> TagAction {
        let config = || Arc::clone(&self.config);
        match effect(&request.method) {
            MethodEffect::Fills => TagAction::Read {
                config: config(),
                tags: self.source.tags(request),
            },
            MethodEffect::Invalidates if !self.config.is_known_read(request) => {
                TagAction::write(config(), self.source.tags(request), request)
            }
            MethodEffect::Invalidates | MethodEffect::None => TagAction::Pass,
        }
    }
}

impl<S: Clone, Q> Clone for CacheTagsService<S, Q> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            source: Arc::clone(&self.source),
            config: Arc::clone(&self.config),
        }
    }
}

impl<S: fmt::Debug, Q> fmt::Debug for CacheTagsService<S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheTagsService")
            .field("inner", &self.inner)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
