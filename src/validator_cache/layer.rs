use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderName, request::Parts};
use tower_layer::Layer;

use super::{
    ValidatorCache, ValidatorCacheService,
    config::{CacheConfig, any_of},
    sampler::Sampler,
};
use crate::{
    clock::{Clock, SharedClock},
    purge::tag_source::CacheTagSource,
    refusal::{RenderRefusal, Renderer},
    semantics::caching::no_vary_search::NoVarySearch,
    setting::above_zero,
    store::ValidatorStore,
};

/// Layer that remembers validators: it answers 304 before the handler runs, and forgets a
/// resource before it is written.
///
/// See the [module docs](crate::validator_cache) for an example.
#[must_use]
pub struct ValidatorCacheLayer<St> {
    // Shared with the services, since axum may apply a layer for each request.
    config: Arc<CacheConfig<St>>,
}

impl<St> ValidatorCacheLayer<St> {
    /// Creates a layer for content that is the same for all clients.
    ///
    /// Requests with `Authorization` or `Cookie` are neither answered nor remembered, unless
    /// [`principal`](Self::principal) names their client.
    ///
    /// # Panics
    ///
    /// Panics if [`write_ttl`](ValidatorCache::write_ttl) is less than six times
    /// [`store_timeout`](ValidatorCache::store_timeout): an announcement could be over before its
    /// renewal has arrived. Panics if it is more than the store takes
    /// ([`max_write_ttl`](ValidatorStore::max_write_ttl)).
    ///
    /// Panics if other processes share the store, and the cache has no
    /// [`namespace`](ValidatorCache::namespace) or no [`build_id`](ValidatorCache::build_id).
    pub fn new(cache: ValidatorCache<St>) -> Self
    where
        St: ValidatorStore,
    {
        cache.check();
        Self {
            config: Arc::new(CacheConfig::new(cache)),
        }
    }

    fn config_mut(&mut self) -> &mut CacheConfig<St> {
        Arc::make_mut(&mut self.config)
    }

    /// Sets the source of tags: the groups that a read belongs to and that a write changes.
    /// Defaults to no tags.
    ///
    /// A write without a tag forgets everything, and every write forgets the reads without a tag.
    /// So a missing tag is slow, and never stale. A write forgets its path in any case, with each
    /// query and each variant. A write whose tags are misspelled leaves the other reads stale for up
    /// to [`ttl`](ValidatorCache::ttl).
    ///
    /// A closure needs the type of its parameter: `|request: &Parts| ..`. Without it, the compiler
    /// reports that an implementation of `FnOnce` is not general enough.
    pub fn tags(mut self, source: impl CacheTagSource) -> Self {
        self.config_mut().tags = Some(Arc::new(source));
        self
    }

    /// Sets the name of the client that a response is for. Defaults to none.
    ///
    /// A remembered tag is then used for the same principal alone. If what a principal may read
    /// can change, put a version of its permissions into the name: a 304 skips the handler's own
    /// authorization. `None` and an empty name stand for a client that is not known.
    ///
    /// The function runs before the services inside. So put the layer that reads the session
    /// outside. Inside, it adds its user too late, and no request with a cookie is looked up.
    ///
    /// With `None`, a cookie of any kind keeps a request from being looked up, such as one of
    /// analytics. If all clients without a session get the same responses, return one name for all
    /// of them that no user can have.
    pub fn principal<P: Into<String>>(
        mut self,
        principal: impl Fn(&Parts) -> Option<P> + Send + Sync + 'static,
    ) -> Self {
        let principal_of = move |request: &Parts| principal(request).map(Into::into);
        self.config_mut().principal_of = Some(Arc::new(principal_of));
        self
    }

    /// Sets the request headers that select a representation. Defaults to none.
    ///
    /// A response whose `Vary` names another header is never remembered. With the feature
    /// `tracing`, the first one is an event.
    pub fn vary(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.config_mut().vary = names.into_iter().collect();
        self
    }

    /// Sets the parameters of a query that do not select a representation. Defaults to none: each
    /// query is a resource of its own.
    pub fn no_vary_search(mut self, parameters: NoVarySearch) -> Self {
        self.config_mut().no_vary_search = Some(parameters);
        self
    }

    /// Adds a condition for requests with a method that is not safe and that change nothing, such
    /// as a query sent with `POST`. Defaults to none: they all forget what they name.
    ///
    /// If several conditions are added, one of them has to hold.
    pub fn reads(mut self, condition: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        let config = self.config_mut();
        config.is_read = Some(any_of(config.is_read.take(), condition));
        self
    }

    /// Adds a condition for requests with a safe method that change something all the same, such as
    /// a `GET` with a link from a mail. Defaults to none. They are announced like other writes.
    ///
    /// If several conditions are added, one of them has to hold.
    pub fn writes(mut self, condition: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        let config = self.config_mut();
        config.is_write = Some(any_of(config.is_write.take(), condition));
        self
    }

    /// Sets the fraction of 304s to a `GET` that are checked against the handler's tag. Defaults to 0.
    ///
    /// The handler runs for such a request. If its tag differs although nobody has announced a
    /// write, the client gets the handler's response, and the entry is
    /// [reported](ValidatorCache::on_stale) and forgotten.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not between 0 and 1.
    pub fn sample(mut self, rate: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&rate),
            "invalid rate {rate}: it must be between 0 and 1"
        );
        self.config_mut().sampler = (rate > 0.0).then(|| Arc::new(Sampler::new(rate)));
        self
    }

    /// Lets conditional reads wait for another reader of the same key, at most this long, and
    /// then use the validators that it has found. Off by default: each read runs the handler.
    ///
    /// It saves work if many clients ask right after a write. Readers of different principals
    /// never wait for each other. If the other reader fails, is canceled or finds nothing to
    /// remember, those who wait run the handler.
    ///
    /// # Panics
    ///
    /// Panics if the wait is zero.
    #[track_caller]
    pub fn collapse(mut self, wait: Duration) -> Self {
        let remedy = "leave `collapse` out to switch it off";
        self.config_mut().collapse = Some(above_zero("wait", wait, remedy));
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on each response. Off by default.
    pub fn explain(mut self) -> Self {
        self.config_mut().explain = true;
        self
    }

    /// Sets how refusals are rendered. Defaults to
    /// [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config_mut().renderer = Renderer::new(render);
        self
    }

    /// Sets the clock used to evaluate dates. Defaults to
    /// [`SystemClock`](crate::clock::SystemClock). The store has its own clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.config_mut().clock = SharedClock::new(clock);
        self
    }
}

impl<S, St> Layer<S> for ValidatorCacheLayer<St> {
    type Service = ValidatorCacheService<S, St>;

    fn layer(&self, inner: S) -> Self::Service {
        ValidatorCacheService::new(inner, Arc::clone(&self.config))
    }
}

impl<St> Clone for ValidatorCacheLayer<St> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
        }
    }
}

impl<St> fmt::Debug for ValidatorCacheLayer<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidatorCacheLayer")
            .field("config", &self.config)
            .finish()
    }
}
