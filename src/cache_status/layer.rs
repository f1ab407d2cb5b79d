use std::sync::Arc;

use http::request::Parts;
use tower_layer::Layer;

use super::{CacheStatus, config::Config};
use crate::semantics::caching::cache_status::{CacheName, InvalidCacheName};

/// Layer that says in `Cache-Status` how a request was handled.
///
/// See the [module docs](crate::cache_status) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct CacheStatusLayer {
    // Shared: a router may clone the layer and apply it for each request.
    config: Arc<Config>,
}

impl CacheStatusLayer {
    /// The service calls itself `name`, and tells those for whose requests
    /// `shown` holds: whether a tag was known tells a stranger what is there
    /// (RFC 9211, section 6).
    ///
    /// The name is that of a product or a host, or whatever tells caches apart (RFC 9211,
    /// section 2): a Token where it can be one, otherwise a String.
    ///
    /// # Errors
    ///
    /// Refuses a name that is empty or has a character that is no visible
    /// ASCII character or space.
    pub fn new(
        name: &str,
        shown: impl Fn(&Parts) -> bool + Send + Sync + 'static,
    ) -> Result<Self, InvalidCacheName> {
        let config = Config {
            name: CacheName::new(name)?,
            shown: Box::new(shown),
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
