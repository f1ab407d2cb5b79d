use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::Response;

/// A boxed error of any type, the same as `tower::BoxError`.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An error returned by a source that cannot tell the current state. The source returned an
/// error, which is this error's `source()`, it took too long, it panicked, or one of its
/// extractors rejected the request.
///
/// It is an extension of the response that was refused for it.
#[derive(Debug, Clone)]
pub struct SourceError(SourceFailure);

#[derive(Debug, Clone)]
enum SourceFailure {
    Error(Arc<dyn Error + Send + Sync>),
    Timeout,
    Panic,
    #[cfg(feature = "axum")]
    Rejection(Arc<ExtractorRejection>),
}

impl SourceError {
    /// Returns `true` if the source took longer than it was given.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0, SourceFailure::Timeout)
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

    /// An error as a source gave it, which may be one of ours already.
    pub(crate) fn from_source(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(ours) => *ours,
            Err(other) => Self(SourceFailure::Error(other.into())),
        }
    }

    pub(crate) fn panicked() -> Self {
        Self(SourceFailure::Panic)
    }

    /// An extractor rejected the request with this response.
    #[cfg(feature = "axum")]
    pub(crate) async fn rejected(response: axum_core::response::Response) -> Self {
        const MAX_BYTES: usize = 1 << 16;
        let (mut head, body) = response.into_parts();
        // Rejections are short texts. Longer content is left out, and so is its length.
        let content = axum::body::to_bytes(body, MAX_BYTES).await;
        let content = content.unwrap_or_else(|_| {
            head.headers.remove(http::header::CONTENT_LENGTH);
            Bytes::new()
        });
        let rejection = Response::from_parts(head, content);
        let is_server_error = rejection.status().is_server_error();
        let rejection = Arc::new(ExtractorRejection(rejection));
        Self(if is_server_error {
            // The extractor lacks what it needs, for every request.
            SourceFailure::Error(rejection)
        } else {
            SourceFailure::Rejection(rejection)
        })
    }

    /// Returns the response with which an extractor rejected the request, if one did.
    pub(crate) fn rejection(&self) -> Option<&Response<Bytes>> {
        match &self.0 {
            #[cfg(feature = "axum")]
            SourceFailure::Rejection(rejection) => Some(&rejection.0),
            _ => None,
        }
    }

    pub(crate) fn timed_out() -> Self {
        Self(SourceFailure::Timeout)
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            SourceFailure::Error(_) => "the source of validators failed",
            SourceFailure::Timeout => "the source of validators took too long",
            SourceFailure::Panic => "the source of validators panicked",
            #[cfg(feature = "axum")]
            SourceFailure::Rejection(_) => "an extractor of the source rejected the request",
        })
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            SourceFailure::Error(cause) => Some(&**cause),
            #[cfg(feature = "axum")]
            SourceFailure::Rejection(rejection) => Some(&**rejection),
            SourceFailure::Timeout | SourceFailure::Panic => None,
        }
    }
}

/// The answer of an extractor that rejected a request.
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
