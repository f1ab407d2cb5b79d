use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;

use crate::error::BoxError;

/// An error returned by a source that failed.
///
/// The source returned an error, took too long or panicked, or one of its extractors rejected
/// the request. An error that the source returned is this error's `source()`.
///
/// If a layer refuses a request because of it, the response has it as an extension.
#[derive(Debug, Clone)]
pub struct SourceError(SourceFailure);

#[derive(Debug, Clone)]
enum SourceFailure {
    Error(Arc<dyn Error + Send + Sync>),
    Timeout(Duration),
    Panic,
    #[cfg(feature = "axum")]
    Rejection(Arc<ExtractorRejection>),
}

impl SourceError {
    /// Returns `true` if the source took longer than its timeout.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0, SourceFailure::Timeout(_))
    }

    /// Returns `true` if the source panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.0, SourceFailure::Panic)
    }

    /// Returns `true` if an extractor of the source rejected the request.
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        self.rejection().is_some()
    }

    /// Wraps the error of a source. A [`SourceError`] stays as it is, so that it keeps its kind
    /// through the sources around it.
    pub(crate) fn from_source(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(ours) => *ours,
            Err(other) => Self(SourceFailure::Error(other.into())),
        }
    }

    /// Creates the error of a source that panicked.
    pub(crate) fn panicked() -> Self {
        Self(SourceFailure::Panic)
    }

    /// Creates the error of an extractor that rejected the request with this response.
    #[cfg(feature = "axum")]
    pub(crate) async fn rejected(response: axum_core::response::Response) -> Self {
        const MAX_BYTES: usize = 1 << 16;
        let (mut head, body) = response.into_parts();
        // Rejections are short texts. Longer content is left out, with its `Content-Length`.
        let content = axum::body::to_bytes(body, MAX_BYTES).await;
        let content = content.unwrap_or_else(|_| {
            head.headers.remove(http::header::CONTENT_LENGTH);
            Bytes::new()
        });
        let rejection = Response::from_parts(head, content);
        let is_server_error = rejection.status().is_server_error();
        let rejection = Arc::new(ExtractorRejection(rejection));
        Self(if is_server_error {
            // An extension or a state is missing for every request: the client is not to blame.
            SourceFailure::Error(rejection)
        } else {
            SourceFailure::Rejection(rejection)
        })
    }

    /// Returns the error for a log. The response of an extractor may repeat parts of the request.
    #[cfg(feature = "tracing")]
    pub(crate) fn for_log(&self) -> &(dyn Error + 'static) {
        match &self.0 {
            #[cfg(feature = "axum")]
            SourceFailure::Rejection(_) => &RejectedRequest,
            _ => self,
        }
    }

    /// Returns the response with which an extractor rejected the request, if one did.
    pub(crate) fn rejection(&self) -> Option<&Response<Bytes>> {
        match &self.0 {
            #[cfg(feature = "axum")]
            SourceFailure::Rejection(rejection) => Some(&rejection.0),
            _ => None,
        }
    }

    /// Creates the error of a source that took longer than this timeout.
    pub(crate) fn timed_out(timeout: Duration) -> Self {
        Self(SourceFailure::Timeout(timeout))
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            SourceFailure::Error(_) => f.write_str("the source of validators failed"),
            SourceFailure::Timeout(timeout) => write!(
                f,
                "the source of validators took longer than its timeout of {timeout:?}"
            ),
            SourceFailure::Panic => f.write_str("the source of validators panicked"),
            #[cfg(feature = "axum")]
            SourceFailure::Rejection(_) => RejectedRequest.fmt(f),
        }
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            SourceFailure::Error(cause) => Some(&**cause),
            #[cfg(feature = "axum")]
            SourceFailure::Rejection(rejection) => Some(&**rejection),
            SourceFailure::Timeout(_) | SourceFailure::Panic => None,
        }
    }
}

/// The error of an extractor, without its response.
#[cfg(feature = "axum")]
#[derive(Debug)]
struct RejectedRequest;

#[cfg(feature = "axum")]
impl fmt::Display for RejectedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an extractor of the source rejected the request")
    }
}

#[cfg(feature = "axum")]
impl Error for RejectedRequest {}

/// The response with which an extractor rejected a request.
#[cfg(feature = "axum")]
#[derive(Debug)]
struct ExtractorRejection(Response<Bytes>);

#[cfg(feature = "axum")]
impl fmt::Display for ExtractorRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0.body());
        write!(f, "{}: {text}", self.0.status())
    }
}

#[cfg(feature = "axum")]
impl Error for ExtractorRejection {}
