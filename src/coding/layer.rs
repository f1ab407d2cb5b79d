use std::sync::Arc;

use tower_layer::Layer;

use super::CodingTag;
use crate::semantics::validator::coding::{InvalidContentCoding, TagCodings};

/// Layer that makes one strong entity tag per content coding.
///
/// See the [module docs](crate::coding) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct CodingTagLayer {
    // Shared: a router may clone the layer and apply it for each request.
    codings: Arc<TagCodings>,
}

impl CodingTagLayer {
    /// For compression with zstd, brotli, gzip and deflate, preferred in this
    /// order, as tower-http does.
    pub fn new() -> Self {
        let codings = TagCodings::new(["zstd", "br", "gzip", "deflate"]);
        Self::of(codings.expect("these are tokens"))
    }

    /// The codings that compression may choose, those first that it prefers
    /// where a request wants two alike. By default `zstd`, `br`, `gzip` and
    /// `deflate`. A coding that is not among them makes strong tags weak. With
    /// `dcb` or `dcz` (RFC 9842) tags and `Vary` tell dictionaries apart too.
    ///
    /// # Errors
    ///
    /// Refuses what is no token (RFC 9110, section 5.6.2), `*` and `identity`.
    pub fn codings<N: AsRef<str>>(
        self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        Ok(Self::of(self.into_codings().codings(names)?))
    }

    /// Understands suffixes that another server gave to its tags, such as
    /// `--gzip` or `;gzip`: punctuation and the name of a coding. None by
    /// default. A tag that ends so without being coded is then misunderstood.
    ///
    /// # Errors
    ///
    /// Refuses any other text, and what cannot stand in an entity tag.
    pub fn tolerate<N: AsRef<str>>(
        self,
        suffixes: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidContentCoding> {
        Ok(Self::of(self.into_codings().tolerate(suffixes)?))
    }

    /// Makes strong tags of coded content weak instead of suffixed. Such a tag
    /// revalidates, and never holds for `If-Match`. Off by default.
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
