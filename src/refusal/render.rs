//! The trait that renders the content of a refusal.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

use super::Refusal;

/// A renderer of refusals. Closures implement it.
///
/// The layer sets the status, `Cache-Control: no-store`, the current validators and
/// `Content-Length`. On a 503 it also sets `Retry-After: 1`, one second.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not render refusals",
    label = "does not render refusals",
    note = "`ProblemJson` does, and so does a closure from `&Refusal<'_>` to `(HeaderValue, Bytes)`, the media type and the content; its argument needs the type"
)]
pub trait RenderRefusal: Send + Sync + 'static {
    /// Returns the media type and the content.
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

impl<R: RenderRefusal + ?Sized> RenderRefusal for Arc<R> {
    fn render(&self, refusal: &Refusal<'_>) -> (HeaderValue, Bytes) {
        R::render(self, refusal)
    }
}
