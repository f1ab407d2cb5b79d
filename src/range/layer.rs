use std::sync::Arc;

use tower_layer::Layer;

use super::{Range, config::RangeConfig};
use crate::{
    clock::{Clock, SharedClock},
    refusal::{RenderRefusal, Renderer},
    semantics::condition::range::RangeLimits,
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
    /// Creates a layer that sends one part, and refuses a `PUT` with `Content-Range`.
    pub fn new() -> Self {
        Self {
            config: Arc::new(RangeConfig {
                limits: RangeLimits {
                    max_parts: 1,
                    max_gap: 80,
                },
                partial_put: false,
                explain: false,
                renderer: Renderer::default(),
                clock: SharedClock::default(),
            }),
        }
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

    fn config_mut(&mut self) -> &mut RangeConfig {
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
