use std::{fmt, sync::Arc};

use http::request::Parts;

#[cfg(feature = "tokio")]
use crate::purge::PurgeQueue;
use crate::semantics::caching::cache_tags::TagField;

/// The settings other than the source.
#[derive(Debug, Clone)]
pub(super) struct CacheTagsConfig {
    pub(super) fields: Vec<TagField>,
    pub(super) reads: Option<ReadPredicate>,
    #[cfg(feature = "tokio")]
    pub(super) queue: Option<PurgeQueue>,
    #[cfg(feature = "tokio")]
    pub(super) purge_timeout: std::time::Duration,
}

#[derive(Clone)]
pub(super) struct ReadPredicate(pub(super) Arc<dyn Fn(&Parts) -> bool + Send + Sync>);

impl CacheTagsConfig {
    pub(super) fn is_known_read(&self, request: &Parts) -> bool {
        self.reads.as_ref().is_some_and(|reads| reads.0(request))
    }
}

impl fmt::Debug for ReadPredicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadPredicate")
    }
}
