use std::{fmt, sync::Arc};

use http::request::Parts;

#[cfg(feature = "tokio")]
use crate::purge::PurgeQueue;
use crate::semantics::caching::cache_tags::TagField;

/// The settings that do not depend on the source.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) fields: Vec<TagField>,
    pub(super) reads: Option<Reads>,
    #[cfg(feature = "tokio")]
    pub(super) queue: Option<PurgeQueue>,
    #[cfg(feature = "tokio")]
    pub(super) wait: std::time::Duration,
}

#[derive(Clone)]
pub(super) struct Reads(pub(super) Arc<dyn Fn(&Parts) -> bool + Send + Sync>);

impl Rules {
    pub(super) fn only_reads(&self, request: &Parts) -> bool {
        self.reads.as_ref().is_some_and(|reads| reads.0(request))
    }
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reads")
    }
}
