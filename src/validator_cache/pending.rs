//! A read whose handler runs, and what its response is used for.

use std::{
    sync::{Arc, atomic::Ordering},
    task::Context,
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, Uri, header::ETAG, request::Parts};
use http_body::Body;

use super::{StaleValidator, ValidatorCache, config::CacheConfig, lease::HeldLease};
use crate::{
    body::{ContentEnd, OnEnd, ResponseBody, watch},
    events,
    outcome::{CacheLookup, Outcome},
    semantics::{
        caching::cache_tags::CacheTags,
        validator::{EntityTag, Validators, validators},
        validator_cache::{
            CacheScope, FillRefusal, Lookup, ValidatorKey, WriteTarget, may_fill,
            remembered_validators, undeclared_vary,
        },
    },
    store::{ValidatorStore, validators::ValidatorEntry, within},
    target,
};

/// A read whose handler runs.
pub(super) struct PendingRead<St: ValidatorStore> {
    config: Arc<CacheConfig<St>>,
    lookup: CacheLookup,
    task: ReadTask<St>,
    has_waited: bool,
}

/// The use of a response.
pub(super) enum ReadTask<St: ValidatorStore> {
    None,
    /// Its validators are remembered.
    Fill {
        lease: HeldLease<St>,
        tags: CacheTags,
        path: CacheScope,
        has_principal: bool,
    },
    /// Its tag is compared with the one that is remembered.
    Compare(Box<Comparison<St>>),
}

/// An entry, and the response that is checked against it.
pub(super) struct Comparison<St> {
    cache: ValidatorCache<St>,
    key: ValidatorKey,
    target: Uri,
    remembered: EntityTag,
    /// The 304 that is answered if the tag is the same.
    sampled: Option<Response<()>>,
}

impl<St: ValidatorStore> ReadTask<St> {
    pub(super) fn fill(
        config: &CacheConfig<St>,
        lease: HeldLease<St>,
        request: &Parts,
        has_principal: bool,
    ) -> Self {
        Self::Fill {
            lease,
            tags: config.tags(request),
            path: config.cache.path_scope(target::of(request).path()),
            has_principal,
        }
    }

    pub(super) fn compare(
        cache: &ValidatorCache<St>,
        key: ValidatorKey,
        request: &Parts,
        entry: Validators,
        sampled: Option<Response<()>>,
    ) -> Self {
        let Some(remembered) = entry.etag else {
            return Self::None;
        };
        Self::Compare(Box::new(Comparison {
            cache: cache.clone(),
            key,
            target: target::of(request).clone(),
            remembered,
            sampled,
        }))
    }
}

impl<St: ValidatorStore> PendingRead<St> {
    /// Returns the read, or `None` if its response is of no use.
    pub(super) fn new(
        config: &Arc<CacheConfig<St>>,
        lookup: CacheLookup,
        task: ReadTask<St>,
        has_waited: bool,
    ) -> Option<Box<Self>> {
        if matches!(task, ReadTask::None) && !config.explain {
            return None;
        }
        Some(Box::new(Self {
            config: Arc::clone(config),
            lookup,
            task,
            has_waited,
        }))
    }

    /// Returns a read that is not looked up.
    pub(super) fn bypass(config: &Arc<CacheConfig<St>>) -> Option<Box<Self>> {
        Self::new(config, CacheLookup::Bypass, ReadTask::None, false)
    }

    /// Uses the response, and returns it to the client.
    pub(super) fn respond<B: Body<Data = Bytes>>(
        self,
        cx: &mut Context<'_>,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let mut answer = match self.task {
            ReadTask::None => response.map(ResponseBody::inner),
            ReadTask::Compare(comparison) => comparison.respond(response),
            ReadTask::Fill {
                lease,
                tags,
                path,
                has_principal,
            } => match self.config.remember(&response, has_principal) {
                None => response.map(ResponseBody::inner),
                Some(validators) => {
                    let cache = &self.config.cache;
                    let entry = ValidatorEntry::new(validators)
                        .with_scopes(cache.scopes(path, &tags, &response))
                        .with_ttl(cache.entry_ttl());
                    if self.config.explain {
                        Outcome::record(response.extensions_mut(), Outcome::set_stored);
                    }
                    response.map(|content| watch(cx, content, fill_at_end(lease, entry)))
                }
            },
        };
        self.config.explain(&mut answer, self.lookup);
        if self.has_waited && self.config.explain {
            Outcome::record(answer.extensions_mut(), Outcome::set_collapsed);
        }
        answer
    }
}

fn fill_at_end<St: ValidatorStore>(lease: HeldLease<St>, entry: ValidatorEntry) -> OnEnd {
    Box::new(move |end| {
        // Of a broken body nobody knows if it was the representation.
        if end != ContentEnd::Broken {
            lease.fill(entry);
        }
    })
}

impl<St> CacheConfig<St> {
    /// Returns the validators of a response that may be remembered.
    fn remember<B>(&self, response: &Response<B>, has_principal: bool) -> Option<Validators> {
        let headers = response.headers();
        match may_fill(response.status(), headers, &self.vary, has_principal) {
            Ok(()) => Some(remembered_validators(headers, || self.clock.now())),
            Err(FillRefusal::Vary) => {
                if !self.reported_vary.swap(true, Ordering::Relaxed) {
                    events::undeclared_vary(undeclared_vary(headers, &self.vary));
                }
                None
            }
            Err(_) => None,
        }
    }
}

impl<St> ValidatorCache<St> {
    /// Returns everything whose change makes the entry of a response void.
    fn scopes<B>(
        &self,
        path: CacheScope,
        tags: &CacheTags,
        response: &Response<B>,
    ) -> Vec<CacheScope> {
        let handler_tags: Option<&CacheTags> = response.extensions().get();
        let tags = tags
            .iter()
            .chain(handler_tags.into_iter().flat_map(CacheTags::iter));
        let mut scopes = vec![path];
        scopes.extend(tags.map(|tag| self.tag_scope(tag)));
        if scopes.len() == 1 {
            scopes.push(self.settings.untagged);
        }
        scopes
    }
}

impl<St: ValidatorStore> Comparison<St> {
    fn respond<B: Body<Data = Bytes>>(
        mut self,
        response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let current = validators::etag(response.headers());
        if response.status() != StatusCode::OK {
            return response.map(ResponseBody::inner);
        }
        let is_same = current.is_some_and(|tag| tag.weak_eq(self.remembered.as_ref()));
        if is_same && let Some(answer) = self.sampled.take() {
            return answer.map(|()| ResponseBody::empty());
        }
        if !is_same && let Some(current) = response.headers().get(ETAG).cloned() {
            let cache = self.cache.clone();
            cache.run_detached(self.verify(current));
        }
        response.map(ResponseBody::inner)
    }

    /// Looks once more: a write that was announced meanwhile explains the difference.
    async fn verify(self, current: HeaderValue) {
        let settings = &self.cache.settings;
        let found = settings.store.lookup(self.key, None);
        let Ok(Lookup::Hit { entry, .. }) = within(settings.store_timeout, found).await else {
            return;
        };
        if !entry
            .etag
            .is_some_and(|tag| tag.as_ref().weak_eq(self.remembered.as_ref()))
        {
            return;
        }
        let stale = StaleValidator {
            target: self.target,
            remembered: self.remembered.into(),
            current,
            is_sampled: self.sampled.is_some(),
        };
        self.cache.state.stale.fetch_add(1, Ordering::Relaxed);
        events::stale_validator(stale.target.path(), &stale.remembered, &stale.current);
        if let Some(report) = &settings.on_stale {
            report(&stale);
        }
        let targets = vec![WriteTarget::Key(self.key)];
        if let Err(error) = self.cache.invalidate_targets(targets).await {
            events::validator_step_failed("invalidate", &error);
        }
    }
}
