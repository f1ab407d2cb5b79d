//! What is worth an event, with the feature `tracing`; without it, nothing.

#[cfg(feature = "tokio")]
use std::error::Error;

use http::{HeaderName, Method};

use crate::source::SourceError;

/// A source failed; what became of the request follows from the layer.
pub(crate) fn source_failed(error: &SourceError) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "the current state is not known"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// A conditional write succeeded, and nobody compared.
pub(crate) fn unchecked_write(method: &Method, path: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        %method,
        path,
        "a conditional write was performed without a compare-and-set: updates can be lost"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (method, path);
}

/// A cache is not told, because the queue does not take the purge.
#[cfg(feature = "tokio")]
pub(crate) fn purge_dropped(why: &(dyn Error + 'static)) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        error = why,
        "a purge was dropped: a cache may keep what is stale"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = why;
}

/// A cache was told in vain.
#[cfg(feature = "tokio")]
pub(crate) fn purge_failed(error: &(dyn Error + 'static), attempts: u32) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        error,
        attempts,
        "a purge was given up: a cache may keep what is stale"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (error, attempts);
}

/// A cache may read only some of the tags of a response.
pub(crate) fn too_many_cache_tags(field: &HeaderName, tags: usize) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        %field,
        tags,
        "a response has more cache tags than the field may carry: a cache may keep what is stale"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (field, tags);
}
