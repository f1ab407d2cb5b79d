use std::{fmt, sync::Arc};

use http::HeaderName;
use tower_layer::Layer;

use super::{StateRef, StateSource, config::StateRefConfig};
use crate::{
    refusal::{RenderRefusal, Renderer},
    semantics::field::is_standard,
    source::OnSourceError,
};

/// Layer that answers 304 if the client has the latest state.
///
/// See the [module docs](crate::state_ref) for an example.
#[must_use]
pub struct StateRefLayer<Q> {
    // Shared, since a router may clone the layer and apply it once per request.
    config: Arc<StateRefConfig<Q>>,
}

impl<Q: StateSource> StateRefLayer<Q> {
    /// Creates a layer that reads and writes the identifier in the header `field`.
    ///
    /// # Panics
    ///
    /// Panics if the header has another meaning, such as `Connection`, `ETag` or `Vary`.
    #[track_caller]
    pub fn new(field: HeaderName, source: Q) -> Self {
        assert!(
            !is_standard(&field),
            "invalid header \"{field}\" of a state: it has another meaning; use a name of your own"
        );
        Self {
            config: Arc::new(StateRefConfig {
                field,
                source: Arc::new(source),
                on_source_error: OnSourceError::Proceed,
                renderer: Renderer::default(),
                #[cfg(feature = "tokio")]
                timeout: crate::source::DEFAULT_TIMEOUT,
            }),
        }
    }

    /// Sets the timeout of the source. Defaults to 10 seconds. It needs tokio's timer.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since each source that waits would fail.
    #[cfg(feature = "tokio")]
    #[track_caller]
    pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
        self.config_mut().timeout = Some(crate::source::above_zero_timeout(timeout));
        self
    }

    /// Sets the reaction to a source that fails. Defaults to
    /// [`Proceed`](OnSourceError::Proceed).
    pub fn on_source_error(mut self, on_error: OnSourceError) -> Self {
        self.config_mut().on_source_error = on_error;
        self
    }

    /// Sets how a 503 is rendered. Defaults to
    /// [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config_mut().renderer = Renderer::new(render);
        self
    }

    fn config_mut(&mut self) -> &mut StateRefConfig<Q> {
        Arc::make_mut(&mut self.config)
    }
}

// Written by hand, since a source need not be `Clone` or `Debug`.
impl<Q> Clone for StateRefLayer<Q> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
        }
    }
}

impl<Q> fmt::Debug for StateRefLayer<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateRefLayer")
            .field("field", &self.config.field)
            .field("on_source_error", &self.config.on_source_error)
            .finish_non_exhaustive()
    }
}

// The service needs `Clone`. With the bound here, the compiler names it if it is missing.
impl<S: Clone, Q> Layer<S> for StateRefLayer<Q> {
    type Service = StateRef<S, Q>;

    fn layer(&self, inner: S) -> Self::Service {
        StateRef::new(inner, Arc::clone(&self.config))
    }
}
