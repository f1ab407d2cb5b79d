//! What is worth an event, with the feature `tracing`; without it, nothing.

use http::Method;

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
