use std::sync::Arc;

use http::request::Parts;

use crate::semantics::caching::cache_tags::CacheTags;

/// A source of the cache tags that a request reads or writes.
///
/// Closures from `&Parts` to [`CacheTags`] implement it, and so does a constant set of
/// [`CacheTags`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of cache tags",
    label = "not a source of cache tags",
    note = "`CacheTags` are one, and so is a closure from `&Parts` to `CacheTags`; its argument needs the type: `|request: &Parts| ..`"
)]
pub trait CacheTagSource: Send + Sync + 'static {
    /// Returns the tags of the response to a read, or the tags that a write purges. The set may be
    /// empty.
    fn tags(&self, request: &Parts) -> CacheTags;
}

impl<F> CacheTagSource for F
where
    F: Fn(&Parts) -> CacheTags + Send + Sync + 'static,
{
    fn tags(&self, request: &Parts) -> CacheTags {
        self(request)
    }
}

impl CacheTagSource for CacheTags {
    fn tags(&self, _: &Parts) -> CacheTags {
        self.clone()
    }
}

impl<T: CacheTagSource + ?Sized> CacheTagSource for Arc<T> {
    fn tags(&self, request: &Parts) -> CacheTags {
        T::tags(self, request)
    }
}
