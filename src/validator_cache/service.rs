use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseFuture,
    config::CacheConfig,
    lookup::{KeyLookup, NextStep},
    pending::PendingRead,
    waiting, write,
};
use crate::{
    body::ResponseBody,
    semantics::{
        caching::cache_tags::{MethodEffect, effect},
        validator_cache::{ReadConditions, ReadMode},
    },
    service::HeldService,
    store::ValidatorStore,
};

/// Service that remembers validators.
///
/// See the [module docs](crate::validator_cache) for an example.
pub struct ValidatorCacheService<S, St> {
    inner: S,
    config: Arc<CacheConfig<St>>,
}

impl<S, St> ValidatorCacheService<S, St> {
    pub(super) fn new(inner: S, config: Arc<CacheConfig<St>>) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, St, ReqB, ResB> Service<Request<ReqB>> for ValidatorCacheService<S, St>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    St: ValidatorStore,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error, St>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        match effect(request.method()) {
            MethodEffect::Fills => self.read(request),
            MethodEffect::Invalidates => {
                let (parts, content) = request.into_parts();
                if self.config.is_known_read(&parts) {
                    return self.pass(parts, content);
                }
                self.write(parts, content)
            }
            MethodEffect::None if self.config.is_write.is_none() => {
                ResponseFuture::pass(self.inner.call(request))
            }
            MethodEffect::None => {
                let (parts, content) = request.into_parts();
                if self.config.is_declared_write(&parts) {
                    return self.write(parts, content);
                }
                self.pass(parts, content)
            }
        }
    }
}

impl<S, St: ValidatorStore> ValidatorCacheService<S, St> {
    fn pass<ReqB, ResB>(
        &mut self,
        parts: Parts,
        content: ReqB,
    ) -> ResponseFuture<S::Future, ResB, S::Error, St>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body,
    {
        let request = Request::from_parts(parts, content);
        ResponseFuture::pass(self.inner.call(request))
    }

    fn write<ReqB, ResB>(
        &mut self,
        parts: Parts,
        content: ReqB,
    ) -> ResponseFuture<S::Future, ResB, S::Error, St>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        let service = HeldService::take(&mut self.inner);
        let config = Arc::clone(&self.config);
        ResponseFuture::boxed(write::perform(config, parts, content, service))
    }

    fn read<ReqB, ResB>(
        &mut self,
        request: Request<ReqB>,
    ) -> ResponseFuture<S::Future, ResB, S::Error, St>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        let config = &self.config;
        let (mut parts, content) = request.into_parts();
        if config.is_declared_write(&parts) {
            return self.write(parts, content);
        }
        let principal = config.principal(&parts);
        let ReadConditions { mode, fields } =
            ReadConditions::new(&parts.method, &parts.headers, principal.is_some());
        // No key covers content. Over HTTP/2 no header announces it.
        let has_content = !content.is_end_stream() && content.size_hint().exact() != Some(0);
        if mode == ReadMode::Bypass || has_content || config.cache.state.is_suspended() {
            let pending = PendingRead::bypass(config);
            let request = Request::from_parts(parts, content);
            return ResponseFuture::called(self.inner.call(request), pending);
        }
        let lookup = KeyLookup::new(config, mode, &parts, principal.as_deref());
        let store = &config.cache.settings.store;
        let lease_end = match store.try_lookup(lookup.key, lookup.lease) {
            None => None,
            Some(found) => match lookup.decide(config, &parts, &fields, found, false) {
                NextStep::Answer(answer) => {
                    // Releases what `poll_ready` reserved, since the service does not run.
                    drop(HeldService::take(&mut self.inner));
                    let answer = answer.answer_early(config, parts.headers);
                    return ResponseFuture::ready(answer.map(|()| ResponseBody::empty()));
                }
                NextStep::Call(pending) => {
                    PendingRead::prepare(pending.as_deref(), &mut parts);
                    let request = Request::from_parts(parts, content);
                    return ResponseFuture::called(self.inner.call(request), pending);
                }
                NextStep::Follow(lease_end) => Some(lease_end),
            },
        };
        let service = HeldService::take(&mut self.inner);
        let config = Arc::clone(config);
        ResponseFuture::boxed(waiting::read(
            config, lookup, parts, content, service, lease_end,
        ))
    }
}

impl<S: Clone, St> Clone for ValidatorCacheService<S, St> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
        }
    }
}

impl<S: fmt::Debug, St> fmt::Debug for ValidatorCacheService<S, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidatorCacheService")
            .field("inner", &self.inner)
            .field("config", &self.config)
            .finish()
    }
}
