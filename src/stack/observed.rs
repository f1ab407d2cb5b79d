use tower_layer::Layer;

use crate::{ObserveLayer, observe::CountedHandler};

/// Layer made of a [`Stack`](super::Stack) whose exchanges are observed.
///
/// [`Stack::observe`](super::Stack::observe) creates it.
#[derive(Debug, Clone)]
#[must_use]
pub struct ObservedStack<T> {
    stack: T,
    observe: ObserveLayer,
}

impl<T> ObservedStack<T> {
    pub(super) fn new(stack: T, layer: ObserveLayer) -> Self {
        Self {
            stack,
            observe: layer.counting_handler(),
        }
    }
}

impl<S, T: Layer<CountedHandler<S>>> Layer<S> for ObservedStack<T> {
    type Service = <ObserveLayer as Layer<T::Service>>::Service;

    fn layer(&self, inner: S) -> Self::Service {
        // The runs are counted inside of all layers.
        let counted = CountedHandler::new(inner);
        self.observe.layer(self.stack.layer(counted))
    }
}
