use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{
    Conditional,
    config::{ConditionalConfig, SourceConfig},
};
use crate::{
    clock::{Clock, SharedClock},
    refusal::{RenderRefusal, Renderer},
    semantics::field::SafeMethods,
    source::{OnSourceError, ValidatorSource},
};

/// Layer that answers conditional reads.
///
/// `Q` is `()` if the validators come from the response. It is [`SourceConfig`] if a source
/// returns them before the service runs.
///
/// See the [module docs](crate::conditional) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct ConditionalLayer<Q = ()> {
    config: ConditionalConfig,
    source_config: Q,
}

impl ConditionalLayer {
    /// Creates a layer that evaluates conditions on `GET`, `HEAD` and `QUERY`.
    pub fn new() -> Self {
        Self {
            config: ConditionalConfig {
                methods: SafeMethods::default(),
                head_as_get: false,
                explain: false,
                renderer: Renderer::default(),
                clock: SharedClock::default(),
            },
            source_config: (),
        }
    }
}

impl Default for ConditionalLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl ConditionalLayer {
    /// Sets the source that is called before the service. If its validators decide the
    /// conditions, the layer answers without the service. Defaults to no source.
    ///
    /// If the service has to run, its 200 gets the source's validators, unless it has its own.
    /// A strong tag is [confirmed](crate::conditional#confirmation) first: the layer calls the
    /// source again after the service.
    pub fn source<Q: ValidatorSource>(self, source: Q) -> ConditionalLayer<SourceConfig<Q>> {
        self.shared_source(Arc::new(source))
    }

    /// Sets a source that another layer also uses.
    pub(crate) fn shared_source<Q>(self, source: Arc<Q>) -> ConditionalLayer<SourceConfig<Q>> {
        ConditionalLayer {
            config: self.config,
            source_config: SourceConfig {
                source,
                on_error: OnSourceError::Proceed,
                confirm: true,
            },
        }
    }
}

impl<Q> ConditionalLayer<SourceConfig<Q>> {
    /// Sets the reaction to a source that fails. Defaults to
    /// [`Proceed`](OnSourceError::Proceed).
    pub fn on_source_error(mut self, on_error: OnSourceError) -> Self {
        self.source_config.on_error = on_error;
        self
    }

    /// Sets the strong tag of the source on a 200 without calling the source again. By default
    /// the layer calls the source again, to confirm the tag.
    ///
    /// If a write comes in between, two contents then share one strong tag (RFC 9110, section
    /// 8.8.1). Use this setting only for content that cannot change while a request is served.
    pub fn without_confirmation(mut self) -> Self {
        self.source_config.confirm = false;
        self
    }
}

impl<Q> ConditionalLayer<Q> {
    /// Sets the methods whose conditions are evaluated. Defaults to `GET`, `HEAD` and `QUERY`,
    /// which are the methods that may get a 304. See [`SafeMethods`] for the responses to
    /// others.
    pub fn methods(mut self, methods: SafeMethods) -> Self {
        self.config.methods = methods;
        self
    }

    /// Calls the service with `GET` for each `HEAD`, and drops the content. Off by default.
    ///
    /// Some services answer `HEAD` without content, for example on bare `hyper`. With this
    /// setting the response has the headers of the `GET`, including its tag (RFC 9110, section
    /// 9.3.2). The service then does the work of a `GET`.
    pub fn head_as_get(mut self) -> Self {
        self.config.head_as_get = true;
        self
    }

    /// Sets how refusals are rendered. Defaults to [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config.renderer = Renderer::new(render);
        self
    }

    /// Sets the clock used to evaluate dates. Defaults to
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.config.clock = SharedClock::new(clock);
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every response that is inspected, at the
    /// cost of some allocations. Off by default.
    pub fn explain(mut self) -> Self {
        self.config.explain = true;
        self
    }
}

// Written by hand, since a source need not be `Clone` or `Debug`.
impl<Q> Clone for SourceConfig<Q> {
    fn clone(&self) -> Self {
        Self {
            source: Arc::clone(&self.source),
            on_error: self.on_error,
            confirm: self.confirm,
        }
    }
}

impl<Q> fmt::Debug for SourceConfig<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceConfig")
            .field("on_error", &self.on_error)
            .field("confirm", &self.confirm)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ConditionalLayer {
    type Service = Conditional<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Conditional::new(inner, self.config.clone(), ())
    }
}

// The service needs `Clone`. With the bound on the layer, the compiler's error names the
// missing `Clone`.
impl<S: Clone, Q> Layer<S> for ConditionalLayer<SourceConfig<Q>> {
    type Service = Conditional<S, SourceConfig<Q>>;

    fn layer(&self, inner: S) -> Self::Service {
        Conditional::new(inner, self.config.clone(), self.source_config.clone())
    }
}
