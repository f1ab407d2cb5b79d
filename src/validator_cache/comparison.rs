//! The tag of a response, beside the one that is remembered.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, Uri, header::ETAG, request::Parts};
use http_body::Body;

use super::{StaleValidator, ValidatorCache};
use crate::{
    body::{BrokenContent, ResponseBody},
    events,
    observe::exchange,
    outcome::Verdict,
    semantics::{
        validator::{EntityTag, TagRef, Validators, validators},
        validator_cache::{Lookup, ValidatorKey, WriteTarget},
    },
    store::{ValidatorStore, within},
    target,
};

/// An entry, and the response that is checked against it.
pub(super) struct Comparison<St> {
    cache: ValidatorCache<St>,
    key: ValidatorKey,
    target: Uri,
    remembered: EntityTag,
    is_get: bool,
    /// The 304 that is answered if the tag is the same.
    sampled: Option<Response<()>>,
}

impl<St: ValidatorStore> Comparison<St> {
    /// Returns the comparison with an entry, or `None` if it has no tag.
    pub(super) fn new(
        cache: &ValidatorCache<St>,
        key: ValidatorKey,
        request: &Parts,
        entry: Validators,
        sampled: Option<Response<()>>,
    ) -> Option<Self> {
        Some(Self {
            cache: cache.clone(),
            key,
            target: target::of(request).clone(),
            remembered: entry.etag?,
            is_get: request.method == Method::GET,
            sampled,
        })
    }

    pub(super) fn respond<B: Body<Data = Bytes>>(
        mut self,
        response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let tag = validators::etag(response.headers());
        // Whatever tag the content would have, nobody could make it.
        if tag.is_none() && response.extensions().get::<BrokenContent>().is_some() {
            return response.map(ResponseBody::inner);
        }
        let is_same = match response.status() {
            StatusCode::OK if tag.is_some() => self.has_tag(tag),
            // A service need not make the tag for a `HEAD`.
            StatusCode::OK | StatusCode::NOT_FOUND | StatusCode::GONE => !self.is_get,
            // Another status says nothing about the representation.
            _ => return response.map(ResponseBody::inner),
        };
        if !is_same {
            let cache = self.cache.clone();
            let current = response.headers().get(ETAG).cloned();
            cache.run_detached(self.verify(current));
        } else if let Some(answer) = self.sampled.take() {
            exchange::record_decision(|outcome| outcome.set_verdict(Verdict::NotModified));
            return answer.map(|()| ResponseBody::empty());
        }
        response.map(ResponseBody::inner)
    }

    fn has_tag(&self, tag: Option<TagRef<'_>>) -> bool {
        tag.is_some_and(|tag| tag.weak_eq(self.remembered.as_ref()))
    }

    /// Looks once more: a write that was announced meanwhile explains the difference.
    async fn verify(self, current: Option<HeaderValue>) {
        let settings = &self.cache.settings;
        let found = settings.store.lookup(self.key, None);
        let Ok(Lookup::Hit { entry, .. }) = within(settings.store_timeout, found).await else {
            return;
        };
        if !self.has_tag(entry.as_ref().etag) {
            return;
        }
        // First, since a call-back may panic.
        let path = WriteTarget::Scope(self.cache.path_scope(self.target.path()));
        let targets = vec![WriteTarget::Key(self.key), path];
        self.cache.soft_invalidate_targets(targets);
        self.cache.state.stale.fetch_add(1, Ordering::Relaxed);
        let stale = StaleValidator {
            target: self.target,
            remembered: self.remembered.into(),
            current,
            is_sampled: self.sampled.is_some(),
        };
        events::stale_validator(&stale.target, &stale.remembered, stale.current.as_ref());
        if let Some(report) = &settings.on_stale {
            report(&stale);
        }
    }
}
