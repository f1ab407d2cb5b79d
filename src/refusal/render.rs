//! From a refusal to content.

use bytes::Bytes;
use http::HeaderValue;

use super::Refusal;

/// Turns a [`Refusal`] into content. Closures do.
///
/// The layer sets the status, `Cache-Control: no-store`, the current
/// validators, the content's length, and on a 503 `Retry-After: 1`, in seconds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not render refusals",
    label = "does not render refusals",
    note = "`ProblemJson` does, and so does a closure from `&Refusal<'_>` to `(HeaderValue, Bytes)`, the media type and the content; its argument needs the type"
)]
pub trait RenderRefusal: Send + Sync + 'static {
    /// The media type and the content.
    fn render(&self, refusal: &Refusal<'_>) -> (HeaderValue, Bytes);
}

impl<F> RenderRefusal for F
where
    F: Fn(&Refusal<'_>) -> (HeaderValue, Bytes) + Send + Sync + 'static,
{
    fn render(&self, refusal: &Refusal<'_>) -> (HeaderValue, Bytes) {
        self(refusal)
    }
}
