use std::sync::Arc;

use tower_layer::Layer;

use super::{Range, config::RangeConfig};
use crate::{
    body::draw_boundary,
    clock::{Clock, SharedClock},
    refusal::{RenderRefusal, Renderer},
    semantics::condition::range::RangeLimits,
    setting,
};

/// Layer that answers requests for parts of a representation.
///
/// See the [module docs](crate::range) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct RangeLayer {
    // Shared, since a router may clone the layer and apply it once per request.
    config: Arc<RangeConfig>,
}

impl RangeLayer {
    /// Creates a layer that sends at most 16 parts, and refuses a `PUT` with `Content-Range`.
    pub fn new() -> Self {
        Self {
            config: Arc::new(RangeConfig {
                limits: RangeLimits::default(),
                draw_boundary,
                partial_put: false,
                content_digest: false,
                explain: false,
                renderer: Renderer::default(),
                clock: SharedClock::default(),
            }),
        }
    }

    /// Sets the largest number of parts in one response. Defaults to 16. A request for more parts
    /// gets the whole representation. With 1, no response is `multipart/byteranges`.
    ///
    /// # Panics
    ///
    /// Panics if the number is zero. Without the layer, no parts are sent.
    #[track_caller]
    pub fn max_parts(mut self, parts: usize) -> Self {
        let remedy = "one part needs at least 1; leave the layer out to send no parts";
        self.config_mut().limits.max_parts = setting::above_zero("max_parts", parts, remedy);
        self
    }

    /// Sets the largest gap between two ranges that are sent as one part, in bytes. Defaults to 80,
    /// which is about the length of the head of a part. With zero, ranges are joined only if no byte
    /// is between them.
    pub fn max_gap_bytes(mut self, bytes: u64) -> Self {
        self.config_mut().limits.max_gap = bytes;
        self
    }

    /// Adds `Content-Digest: sha-256=:..:` to responses with one part (RFC 9530, section 2). A client
    /// verifies the part with it, before it has the whole. Off by default.
    ///
    /// It is for content that the service has in one frame, and for parts of up to 128 KiB, which
    /// takes some 90 µs. Other parts have none. [`Repr-Digest`](crate::EtagLayer::repr_digest) covers
    /// the whole, and stays on every part.
    pub fn content_digest(mut self) -> Self {
        self.config_mut().content_digest = true;
        self
    }

    /// Passes a `PUT` with `Content-Range` to the service, which writes the part itself. By default
    /// the response is 400, and the service does not run.
    ///
    /// A service that ignores `Content-Range` replaces the whole resource with the part (RFC 9110,
    /// section 14.5).
    pub fn partial_put(mut self) -> Self {
        self.config_mut().partial_put = true;
        self
    }

    /// Sets how refusals are rendered. Defaults to [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config_mut().renderer = Renderer::new(render);
        self
    }

    /// Sets the clock used to evaluate dates. Defaults to
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.config_mut().clock = SharedClock::new(clock);
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every 206 and 416, at the cost of some allocations.
    /// Off by default.
    pub fn explain(mut self) -> Self {
        self.config_mut().explain = true;
        self
    }

    pub(super) fn config_mut(&mut self) -> &mut RangeConfig {
        Arc::make_mut(&mut self.config)
    }
}

impl Default for RangeLayer {
    fn default() -> Self {
        Self::new()
    }
}

// The service needs `Clone`. With the bound on the layer, the compiler's error names the missing
// `Clone`.
impl<S: Clone> Layer<S> for RangeLayer {
    type Service = Range<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Range::new(inner, Arc::clone(&self.config))
    }
}
