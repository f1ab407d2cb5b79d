use std::sync::Arc;

use http::request::Parts;
use tower_layer::Layer;

use super::{CacheStatus, config::CacheStatusConfig};
use crate::semantics::caching::cache_status::{CacheName, InvalidCacheName};

/// Layer that reports in `Cache-Status` how a request was handled.
///
/// See the [module docs](crate::cache_status) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct CacheStatusLayer {
    // Shared: a router may clone the layer and apply it for each request.
    config: Arc<CacheStatusConfig>,
}

impl CacheStatusLayer {
    /// Creates a layer with the name of this cache, and a predicate for the requests whose
    /// responses get the header.
    ///
    /// The predicate must exclude strangers: the header shows whether a tag was known (RFC 9211,
    /// section 6).
    ///
    /// The name is that of a product or a host, or another name that distinguishes caches (RFC
    /// 9211, section 2). It is written as a Token if it can be one, otherwise as a String.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is empty, or has a character other than visible ASCII
    /// characters and spaces.
    pub fn new(
        name: &str,
        is_visible: impl Fn(&Parts) -> bool + Send + Sync + 'static,
    ) -> Result<Self, InvalidCacheName> {
        let config = CacheStatusConfig {
            name: CacheName::new(name)?,
            is_visible: Box::new(is_visible),
        };
        Ok(Self {
            config: Arc::new(config),
        })
    }
}

impl<S> Layer<S> for CacheStatusLayer {
    type Service = CacheStatus<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CacheStatus::new(inner, Arc::clone(&self.config))
    }
}
