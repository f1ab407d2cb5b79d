use std::{fmt, sync::Arc};

use http::request::Parts;
use tower_layer::Layer;

use super::{
    CacheTagSource, CacheTagsService,
    config::{CacheTagsConfig, ReadPredicate},
};
#[cfg(feature = "tokio")]
use crate::purge::PurgeQueue;
use crate::semantics::caching::cache_tags::TagField;

/// Layer that adds cache tags to responses, and purges caches after a write.
///
/// See the [module docs](crate::cache_tags) for an example.
#[must_use]
pub struct CacheTagsLayer<Q> {
    source: Arc<Q>,
    // Shared: a router may clone the layer and apply it for each request.
    config: Arc<CacheTagsConfig>,
}

impl<Q: CacheTagSource> CacheTagsLayer<Q> {
    /// Creates a layer with the tags of this source in `Cache-Groups`, and without purges.
    pub fn new(source: Q) -> Self {
        Self {
            source: Arc::new(source),
            config: Arc::new(CacheTagsConfig {
                fields: vec![TagField::CacheGroups],
                reads: None,
                #[cfg(feature = "tokio")]
                queue: None,
                #[cfg(feature = "tokio")]
                purge_timeout: std::time::Duration::ZERO,
            }),
        }
    }

    /// Sets the headers in which reads carry tags. Defaults to [`TagField::CacheGroups`].
    ///
    /// If that is one of them, writes carry `Cache-Group-Invalidation`. Without any header the
    /// layer only purges.
    pub fn fields(mut self, fields: impl IntoIterator<Item = TagField>) -> Self {
        self.config_mut().fields = fields.into_iter().collect();
        self
    }

    /// Adds a condition for requests that only read, such as a query sent with `POST`. Defaults
    /// to none.
    ///
    /// These requests pass unchanged and purge nothing. If several conditions are added, one of
    /// them has to hold.
    pub fn reads(mut self, condition: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        let config = self.config_mut();
        config.reads = Some(match config.reads.take() {
            None => ReadPredicate(Arc::new(condition)),
            Some(ReadPredicate(other)) => ReadPredicate(Arc::new(move |request| {
                other(request) || condition(request)
            })),
        });
        self
    }

    /// Sets the queue for purges. Defaults to no purges.
    #[cfg(feature = "tokio")]
    pub fn purge(mut self, queue: PurgeQueue) -> Self {
        self.config_mut().queue = Some(queue);
        self
    }

    /// Sets how long the response to a write waits for its purge. Defaults to zero.
    ///
    /// A client then reads its own write through the cache. After the timeout the response is
    /// sent anyway. The layer needs a tokio runtime with timers.
    #[cfg(feature = "tokio")]
    pub fn purge_timeout(mut self, timeout: std::time::Duration) -> Self {
        self.config_mut().purge_timeout = timeout;
        self
    }

    fn config_mut(&mut self) -> &mut CacheTagsConfig {
        Arc::make_mut(&mut self.config)
    }
}

// Written by hand: the derive would require that the source implements the trait.
impl<Q> Clone for CacheTagsLayer<Q> {
    fn clone(&self) -> Self {
        Self {
            source: Arc::clone(&self.source),
            config: Arc::clone(&self.config),
        }
    }
}

impl<Q> fmt::Debug for CacheTagsLayer<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheTagsLayer")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<S, Q> Layer<S> for CacheTagsLayer<Q> {
    type Service = CacheTagsService<S, Q>;

    fn layer(&self, inner: S) -> Self::Service {
        CacheTagsService::new(inner, Arc::clone(&self.source), Arc::clone(&self.config))
    }
}
