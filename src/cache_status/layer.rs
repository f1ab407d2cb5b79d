use std::{fmt, sync::Arc};

use http::request::Parts;
use tower_layer::Layer;

use super::CacheStatus;
use crate::semantics::cache_status::{CacheName, InvalidCacheName};

/// Layer that says in `Cache-Status` how a request was handled.
///
/// See the [module docs](crate::cache_status) for an example.
#[derive(Clone)]
#[must_use]
pub struct CacheStatusLayer {
    // Shared: a router may clone the layer and apply it for each request.
    pub(super) config: Arc<Config>,
}

pub(super) struct Config {
    pub(super) name: CacheName,
    /// Selects the requests whose responses have the field.
    pub(super) shown: Box<dyn Fn(&Parts) -> bool + Send + Sync>,
}

impl CacheStatusLayer {
    /// The service calls itself `name`, and tells those for whose requests
    /// `shown` holds: whether a tag was known tells a stranger what is there
    /// (RFC 9211, section 6).
    ///
    /// # Errors
    ///
    /// As [`CacheName::new`].
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

impl fmt::Debug for CacheStatusLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheStatusLayer")
            .field("name", &self.config.name)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for CacheStatusLayer {
    type Service = CacheStatus<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CacheStatus::new(inner, self.clone())
    }
}
