use std::fmt;

use http::request::Parts;

use crate::semantics::caching::cache_status::CacheName;

pub(super) struct CacheStatusConfig {
    pub(super) name: CacheName,
    /// Selects the requests whose responses get the header.
    pub(super) is_visible: Box<dyn Fn(&Parts) -> bool + Send + Sync>,
}

impl fmt::Debug for CacheStatusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheStatusConfig")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
