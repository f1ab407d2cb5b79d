use std::sync::Arc;

use tower_layer::Layer;

use super::{DigestService, config::DigestConfig};
use crate::{
    refusal::{RenderRefusal, Renderer},
    setting::above_zero,
};

/// Layer that verifies the content of requests by their digests.
///
/// See the [module docs](crate::digest) for an example.
#[must_use]
#[derive(Debug, Clone)]
pub struct DigestLayer {
    // Shared, since a router may clone the layer and apply it once per request.
    config: Arc<DigestConfig>,
}

impl DigestLayer {
    /// Creates a layer that verifies requests with `Content-Digest` or `Repr-Digest` (RFC 9530).
    ///
    /// Content of an announced length of up to [`max_body_bytes`](Self::max_body_bytes) is read
    /// and verified before the service runs. All other content is verified as the service reads it.
    pub fn verify() -> Self {
        Self {
            config: Arc::new(DigestConfig {
                max_body_bytes: 1024 * 1024,
                is_streaming: false,
                is_required: false,
                renderer: Renderer::default(),
            }),
        }
    }

    /// Sets the longest content that is verified before the service runs, in bytes. Defaults to
    /// 1 MiB. Longer content is verified as the service reads it.
    ///
    /// Each request holds as much memory while its content arrives.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no content would be verified before the service runs.
    #[track_caller]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        let remedy = "no content would be verified before the service runs; use `streaming`";
        self.config_mut().max_body_bytes = above_zero("number of bytes", bytes, remedy);
        self
    }

    /// Makes the service read all content as it arrives. Off by default.
    ///
    /// The service then runs before its content is verified. If the content differs, the service
    /// gets a [`DigestMismatch`](super::DigestMismatch) in place of the last frame. Use it on a route
    /// that writes to a temporary place first, such as an upload of files.
    pub fn streaming(mut self) -> Self {
        self.config_mut().is_streaming = true;
        self
    }

    /// Makes the layer refuse content without a digest by SHA-256 or SHA-512, with 400. Off by
    /// default: such requests pass.
    ///
    /// The refusal has `Want-Content-Digest`, which names both algorithms.
    pub fn require(mut self) -> Self {
        self.config_mut().is_required = true;
        self
    }

    /// Sets how refusals are rendered. Defaults to [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config_mut().renderer = Renderer::new(render);
        self
    }

    fn config_mut(&mut self) -> &mut DigestConfig {
        Arc::make_mut(&mut self.config)
    }
}

// The service needs `Clone`. With the bound here, the compiler names it if it is missing.
impl<S: Clone> Layer<S> for DigestLayer {
    type Service = DigestService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DigestService::new(inner, Arc::clone(&self.config))
    }
}
