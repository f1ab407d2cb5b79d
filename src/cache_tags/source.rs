use http::request::Parts;

use crate::semantics::caching::cache_tags::CacheTags;

/// Tells the tags of what a request reads or writes.
///
/// A closure from `&Parts` to [`CacheTags`] is a source, and so are
/// [`CacheTags`] that are always the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of cache tags",
    label = "not a source of cache tags",
    note = "`CacheTags` are one, and so is a closure from `&Parts` to `CacheTags`; its argument needs the type: `|request: &Parts| ..`"
)]
pub trait CacheTagSource: Send + Sync + 'static {
    /// The tags of the response to a read, or those that a write makes stale.
    /// None is a right answer.
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
