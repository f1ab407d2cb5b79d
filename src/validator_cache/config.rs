use std::{
    fmt,
    sync::{Arc, atomic::AtomicU8},
    time::Duration,
};

use http::{HeaderName, Response, request::Parts};

use super::{ValidatorCache, sampler::Sampler};
use crate::{
    clock::SharedClock,
    observe::exchange,
    outcome::{CacheLookup, Outcome},
    purge::tag_source::CacheTagSource,
    refusal::Renderer,
    semantics::caching::{cache_tags::CacheTags, no_vary_search::NoVarySearch},
};

type PrincipalOf = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;
type RequestPredicate = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// Returns a predicate that holds if one of both does.
pub(super) fn any_of(
    first: Option<RequestPredicate>,
    second: impl Fn(&Parts) -> bool + Send + Sync + 'static,
) -> RequestPredicate {
    match first {
        None => Arc::new(second),
        Some(first) => Arc::new(move |request| first(request) || second(request)),
    }
}

/// The settings of a [`ValidatorCacheLayer`](super::ValidatorCacheLayer).
pub(super) struct CacheConfig<St> {
    pub(super) cache: ValidatorCache<St>,
    pub(super) principal_of: Option<PrincipalOf>,
    pub(super) tags: Option<Arc<dyn CacheTagSource>>,
    pub(super) vary: Vec<HeaderName>,
    pub(super) no_vary_search: Option<NoVarySearch>,
    pub(super) is_read: Option<RequestPredicate>,
    pub(super) is_write: Option<RequestPredicate>,
    pub(super) sampler: Option<Arc<Sampler>>,
    /// The longest wait for another reader. `None` if readers do not wait.
    pub(super) collapse: Option<Duration>,
    pub(super) explain: bool,
    pub(super) renderer: Renderer,
    pub(super) clock: SharedClock,
    /// The reasons for not remembering a response that were reported, a bit for each.
    pub(super) reported: Arc<AtomicU8>,
}

impl<St> CacheConfig<St> {
    pub(super) fn new(cache: ValidatorCache<St>) -> Self {
        Self {
            cache,
            principal_of: None,
            tags: None,
            vary: Vec::new(),
            no_vary_search: None,
            is_read: None,
            is_write: None,
            sampler: None,
            collapse: None,
            explain: false,
            renderer: Renderer::default(),
            clock: SharedClock::default(),
            reported: Arc::default(),
        }
    }

    /// Returns the principal. An empty name is what a missing one often becomes.
    pub(super) fn principal(&self, request: &Parts) -> Option<String> {
        let principal_of = self.principal_of.as_ref()?;
        principal_of(request).filter(|principal| !principal.is_empty())
    }

    pub(super) fn tags(&self, request: &Parts) -> CacheTags {
        let tags = self.tags.as_ref().map(|source| source.tags(request));
        tags.unwrap_or_default()
    }

    pub(super) fn is_known_read(&self, request: &Parts) -> bool {
        self.is_read
            .as_ref()
            .is_some_and(|is_read| is_read(request))
    }

    pub(super) fn is_declared_write(&self, request: &Parts) -> bool {
        self.is_write
            .as_ref()
            .is_some_and(|is_write| is_write(request))
    }

    pub(super) fn explain<B>(&self, response: &mut Response<B>, lookup: CacheLookup) {
        self.record(response, |outcome| outcome.set_cache_lookup(lookup));
    }

    /// Records a decision for an observer, and in the response if `explain` is set.
    pub(super) fn record<B>(&self, response: &mut Response<B>, change: impl Fn(&mut Outcome)) {
        exchange::record_decision(&change);
        if self.explain {
            Outcome::record(response.extensions_mut(), change);
        }
    }
}

impl<St> Clone for CacheConfig<St> {
    fn clone(&self) -> Self {
        Self {
            cache: self.cache.clone(),
            principal_of: self.principal_of.clone(),
            tags: self.tags.clone(),
            vary: self.vary.clone(),
            no_vary_search: self.no_vary_search.clone(),
            is_read: self.is_read.clone(),
            is_write: self.is_write.clone(),
            sampler: self.sampler.clone(),
            collapse: self.collapse,
            explain: self.explain,
            renderer: self.renderer.clone(),
            clock: self.clock.clone(),
            reported: Arc::clone(&self.reported),
        }
    }
}

impl<St> fmt::Debug for CacheConfig<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheConfig")
            .field("cache", &self.cache)
            .field("vary", &self.vary)
            .field("collapse", &self.collapse)
            .field("explain", &self.explain)
            .finish_non_exhaustive()
    }
}
