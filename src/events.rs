//! The events that layers emit with the feature `tracing`. Without it, nothing is emitted.

#[cfg(feature = "tokio")]
use std::error::Error;

use http::{HeaderName, Method};

use crate::source::SourceError;

/// Emits that a source failed. The layer decides about the request.
pub(crate) fn source_failed(error: &SourceError) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "the current state is not known"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// Emits that a conditional write succeeded although nobody compared the condition.
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

/// Emits that a purge was dropped, because the queue did not accept it.
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

/// Emits that the last attempt of a purge failed.
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

/// Emits that a response has more cache tags than a cache may read.
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
