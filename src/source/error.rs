use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::Response;

/// Any error, as `tower` has it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a source could not tell the current state.
///
/// It is an extension of the response that was refused for it.
#[derive(Debug, Clone)]
pub struct SourceError {
    kind: SourceErrorKind,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`SourceError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// The source gave an error, which is this error's `source()`.
    Failed,
    /// The source took longer than it was given.
    TimedOut,
    /// The source panicked.
    Panicked,
    /// An extractor of the source rejected the request.
    Rejected,
}

impl SourceError {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }

    /// An error as a source gave it, which may be one of ours already.
    pub(crate) fn from_source(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(ours) => *ours,
            Err(other) => Self {
                kind: SourceErrorKind::Failed,
                cause: Some(other.into()),
            },
        }
    }

    pub(crate) fn panicked() -> Self {
        Self {
            kind: SourceErrorKind::Panicked,
            cause: None,
        }
    }

    /// An extractor rejected the request with this response.
    #[cfg(feature = "axum")]
    pub(crate) async fn rejected(response: axum_core::response::Response) -> Self {
        const MAX_BYTES: usize = 1 << 16;
        let (head, body) = response.into_parts();
        // Rejections are short texts. Longer content is left out.
        let content = axum::body::to_bytes(body, MAX_BYTES).await;
        let rejection = Response::from_parts(head, content.unwrap_or_default());
        let kind = if rejection.status().is_server_error() {
            // The extractor lacks what it needs, for every request.
            SourceErrorKind::Failed
        } else {
            SourceErrorKind::Rejected
        };
        Self {
            kind,
            cause: Some(Arc::new(ExtractorRejection(rejection))),
        }
    }

    /// Returns the response with which an extractor rejected the request, if one did.
    pub(crate) fn rejection(&self) -> Option<&Response<Bytes>> {
        if self.kind != SourceErrorKind::Rejected {
            return None;
        }
        let ExtractorRejection(response) = self.cause.as_deref()?.downcast_ref()?;
        Some(response)
    }

    pub(crate) fn timed_out() -> Self {
        Self {
            kind: SourceErrorKind::TimedOut,
            cause: None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SourceErrorKind::Failed => "the source of validators failed",
            SourceErrorKind::TimedOut => "the source of validators took too long",
            SourceErrorKind::Panicked => "the source of validators panicked",
            SourceErrorKind::Rejected => "an extractor of the source rejected the request",
        })
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause.as_deref()?)
    }
}

/// The answer of an extractor that rejected a request.
#[derive(Debug)]
struct ExtractorRejection(Response<Bytes>);

impl fmt::Display for ExtractorRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0.body());
        write!(f, "{}: {text}", self.0.status())
    }
}

impl Error for ExtractorRejection {}
