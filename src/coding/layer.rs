use std::sync::Arc;

use tower_layer::Layer;

use super::CodingTag;
use crate::semantics::validator::coding::{InvalidContentCoding, TagCodings};

/// Layer that gives each content coding its own strong entity tag.
///
/// See the [module docs](crate::coding) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct CodingTagLayer {
    // Shared, since a router may clone the layer and apply it once per request.
    codings: Arc<TagCodings>,
}

impl CodingTagLayer {
    /// Creates a layer for compression with zstd, brotli, gzip and deflate, preferred in
    /// this order, as in tower-http.
    pub fn new() -> Self {
        let codings = TagCodings::new(["zstd", "br", "gzip", "deflate"]);
        Self::of(codings.expect("these are tokens"))
    }

    /// Sets the codings that compression may choose, in its order of preference. Defaults
    /// to `zstd`, `br`, `gzip` and `deflate`.
    ///
    /// Any other coding makes strong tags weak. With `dcb` or `dcz` (RFC 9842), tags and `Vary`
    /// also distinguish dictionaries.
    ///
    /// # Errors
    ///
    /// Returns an error for a name that is not a token (RFC 9110, section 5.6.2), for `*`
    /// and for `identity`.
    pub fn codings<N: AsRef<str>>(
        self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        Ok(Self::of(self.into_codings().codings(names)?))
    }

    /// Sets suffixes of another server that the layer understands in requests, such as `--gzip`
    /// or `;gzip`: punctuation and the name of a coding. Defaults to none. A tag of content
    /// without coding must not end in such a suffix.
    ///
    /// # Errors
    ///
    /// Returns an error for any other text, and for text that cannot stand in an entity
    /// tag.
    pub fn tolerate<N: AsRef<str>>(
        self,
        suffixes: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        Ok(Self::of(self.into_codings().tolerate(suffixes)?))
    }

    /// Makes strong tags of coded content weak instead of adding a suffix. Off by default.
    /// A weak tag revalidates, but never matches in `If-Match`.
    pub fn weaken(self) -> Self {
        Self::of(self.into_codings().weaken())
    }

    fn of(codings: TagCodings) -> Self {
        Self {
            codings: Arc::new(codings),
        }
    }

    fn into_codings(self) -> TagCodings {
        Arc::unwrap_or_clone(self.codings)
    }
}

impl Default for CodingTagLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for CodingTagLayer {
    type Service = CodingTag<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CodingTag::new(inner, Arc::clone(&self.codings))
    }
}
