use std::{fmt, sync::Arc};

use http::request::Parts;
use tower_layer::Layer;

use super::{
    CacheTagSource, CacheTagging,
    rules::{Reads, Rules},
};
#[cfg(feature = "tokio")]
use crate::purge::PurgeQueue;
use crate::semantics::caching::cache_tags::TagField;

/// Layer that names responses for caches, and has them forgotten after a write.
///
/// See the [module docs](crate::cache_tags) for an example.
#[must_use]
pub struct CacheTagsLayer<Q> {
    source: Arc<Q>,
    // Shared: a router may clone the layer and apply it for each request.
    rules: Arc<Rules>,
}

impl<Q: CacheTagSource> CacheTagsLayer<Q> {
    /// With the tags of this source, in `Cache-Groups`, and without purges.
    pub fn new(source: Q) -> Self {
        Self {
            source: Arc::new(source),
            rules: Arc::new(Rules {
                fields: vec![TagField::CacheGroups],
                reads: None,
                #[cfg(feature = "tokio")]
                queue: None,
                #[cfg(feature = "tokio")]
                wait: std::time::Duration::ZERO,
            }),
        }
    }

    /// In which fields reads carry tags: [`TagField::CacheGroups`] by default.
    /// Where it is among them, writes carry `Cache-Group-Invalidation`. With
    /// none of them only purges are left.
    pub fn fields(mut self, fields: impl IntoIterator<Item = TagField>) -> Self {
        self.rules_mut().fields = fields.into_iter().collect();
        self
    }

    /// Requests that change nothing, though their method may: a query that is
    /// sent with `POST`, for instance. They pass, and have nothing forgotten.
    /// None by default; more than one call adds up.
    pub fn reads(mut self, condition: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        let rules = self.rules_mut();
        rules.reads = Some(match rules.reads.take() {
            None => Reads(Arc::new(condition)),
            Some(Reads(other)) => Reads(Arc::new(move |request| {
                other(request) || condition(request)
            })),
        });
        self
    }

    /// Where purges go. Nowhere by default.
    #[cfg(feature = "tokio")]
    pub fn purge(mut self, queue: PurgeQueue) -> Self {
        self.rules_mut().queue = Some(queue);
        self
    }

    /// How long a response to a write waits for its purge, so that the writer
    /// reads its own write through the cache. It does not wait by default. It
    /// needs tokio's timer.
    #[cfg(feature = "tokio")]
    pub fn wait(mut self, limit: std::time::Duration) -> Self {
        self.rules_mut().wait = limit;
        self
    }

    fn rules_mut(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }
}

// By hand, since a source need be neither.
impl<Q> Clone for CacheTagsLayer<Q> {
    fn clone(&self) -> Self {
        Self {
            source: Arc::clone(&self.source),
            rules: Arc::clone(&self.rules),
        }
    }
}

impl<Q> fmt::Debug for CacheTagsLayer<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheTagsLayer")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl<S, Q> Layer<S> for CacheTagsLayer<Q> {
    type Service = CacheTagging<S, Q>;

    fn layer(&self, inner: S) -> Self::Service {
        CacheTagging::new(inner, Arc::clone(&self.source), Arc::clone(&self.rules))
    }
}
