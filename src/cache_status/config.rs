use std::fmt;

use http::request::Parts;

use crate::semantics::caching::cache_status::CacheName;

pub(super) struct Config {
    pub(super) name: CacheName,
    /// Selects the requests whose responses have the field.
    pub(super) shown: Box<dyn Fn(&Parts) -> bool + Send + Sync>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
