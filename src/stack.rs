//! All layers in the right order.

use tower_layer::{Identity, Layer};

use crate::{ConditionalLayer, EtagLayer};

/// The layers that make reads cheap, in the order that is right:
/// [`ConditionalLayer`] outside [`EtagLayer`], both with their defaults.
///
/// See [`Stack`] for an example.
pub fn stack() -> Stack {
    Stack {
        conditional: ConditionalLayer::new(),
        etag: EtagLayer::new(),
    }
}

/// A layer made of the layers of this crate, always in the right order, so
/// that a wrong one cannot be built. Each has its place; setting it replaces
/// what was there.
///
/// ```
/// use tower_conditional::{EtagLayer, stack};
///
/// let layer = stack().etag(EtagLayer::new().weak());
/// # let _: tower_conditional::Stack = layer;
/// ```
///
/// Outermost first: [`conditional`](Self::conditional), [`etag`](Self::etag),
/// then the service.
#[derive(Debug, Clone)]
#[must_use]
pub struct Stack<C = ConditionalLayer, E = EtagLayer> {
    conditional: C,
    etag: E,
}

impl<C, E> Stack<C, E> {
    /// Sets the layer that makes tags.
    pub fn etag<H>(self, layer: EtagLayer<H>) -> Stack<C, EtagLayer<H>> {
        Stack {
            conditional: self.conditional,
            etag: layer,
        }
    }

    /// Makes no tags: the service sets its own.
    pub fn without_etag(self) -> Stack<C, Identity> {
        Stack {
            conditional: self.conditional,
            etag: Identity::new(),
        }
    }

    /// Sets the layer that answers conditional reads.
    pub fn conditional<K>(self, layer: ConditionalLayer<K>) -> Stack<ConditionalLayer<K>, E> {
        Stack {
            conditional: layer,
            etag: self.etag,
        }
    }
}

impl<K, H> Stack<ConditionalLayer<K>, EtagLayer<H>> {
    /// Has both layers record an [`Outcome`](crate::Outcome) on what they
    /// look at. Off by default.
    pub fn explain(self) -> Self {
        Self {
            conditional: self.conditional.explain(),
            etag: self.etag.explain(),
        }
    }
}

impl<S, C, E> Layer<S> for Stack<C, E>
where
    E: Layer<S>,
    C: Layer<E::Service>,
{
    type Service = C::Service;

    fn layer(&self, inner: S) -> Self::Service {
        self.conditional.layer(self.etag.layer(inner))
    }
}
