use tower_layer::Layer;

use super::Conditional;
use crate::{
    clock::{Clock, SystemClock},
    refusal::{RenderRefusal, Renderer},
    semantics::method::SafeMethods,
};

/// Layer that answers conditional reads.
///
/// See the [module docs](crate::conditional) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct ConditionalLayer<C = SystemClock> {
    config: Config<C>,
}

#[derive(Debug, Clone)]
pub(super) struct Config<C> {
    pub(super) methods: SafeMethods,
    pub(super) head_as_get: bool,
    pub(super) explain: bool,
    pub(super) renderer: Renderer,
    pub(super) clock: C,
}

impl ConditionalLayer {
    /// Evaluates conditions on `GET` and `HEAD`.
    pub fn new() -> Self {
        Self {
            config: Config {
                methods: SafeMethods::default(),
                head_as_get: false,
                explain: false,
                renderer: Renderer::default(),
                clock: SystemClock::default(),
            },
        }
    }
}

impl Default for ConditionalLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> ConditionalLayer<C> {
    /// The methods whose conditions are evaluated, and which may get a 304:
    /// `GET` and `HEAD` by default.
    pub fn methods(mut self, methods: SafeMethods) -> Self {
        self.config.methods = methods;
        self
    }

    /// Asks the service with `GET` where the request is `HEAD`, and drops the
    /// content, so that a service which answers `HEAD` without content, as one
    /// on bare `hyper` does, gives the fields of the `GET`, its tag included
    /// (RFC 9110, section 9.3.2). It then does the work of a `GET`.
    /// Off by default.
    pub fn head_as_get(mut self) -> Self {
        self.config.head_as_get = true;
        self
    }

    /// What a 412 looks like: by default
    /// [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config.renderer = Renderer::new(render);
        self
    }

    /// Reads the time elsewhere than from the system.
    pub fn clock<C2: Clock + Clone>(self, clock: C2) -> ConditionalLayer<C2> {
        ConditionalLayer {
            config: Config {
                methods: self.config.methods,
                head_as_get: self.config.head_as_get,
                explain: self.config.explain,
                renderer: self.config.renderer,
                clock,
            },
        }
    }

    /// Records an [`Outcome`](crate::Outcome) on every response that is
    /// looked at, which costs some allocations. Off by default.
    pub fn explain(mut self) -> Self {
        self.config.explain = true;
        self
    }
}

impl<S, C: Clone> Layer<S> for ConditionalLayer<C> {
    type Service = Conditional<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Conditional::new(inner, self.config.clone())
    }
}
