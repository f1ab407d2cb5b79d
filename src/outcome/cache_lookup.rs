use std::time::Duration;

/// The result of looking up remembered validators for a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheLookup {
    /// There was an entry, which decided the request. A request selected by
    /// `ValidatorCacheLayer::sample` runs the handler all the same.
    Hit {
        /// The rest of its time to live.
        ttl: Duration,
    },
    /// There was an entry, and the handler ran: the client has no representation or another one,
    /// or asked for the handler.
    Unmatched {
        /// The rest of its time to live.
        ttl: Duration,
    },
    /// There was an entry that was too old, or void after a write.
    Stale,
    /// There was no entry.
    Miss,
    /// There was no entry that counts, and none may be filled: a write is in progress, or another
    /// read fills it.
    Busy,
    /// Nothing was looked up: the request or the configuration does not allow it.
    Bypass,
}

#[cfg(feature = "tokio")]
impl CacheLookup {
    /// Returns the result without an entry that counts.
    pub(crate) fn missed(found_stale: bool) -> Self {
        if found_stale { Self::Stale } else { Self::Miss }
    }
}
