//! All layers in the right order.

use tower_layer::{Identity, Layer};

use crate::{ConditionalLayer, EtagLayer, PreconditionLayer};

/// The layers that make reads cheap, in the order that is right:
/// [`ConditionalLayer`] outside [`EtagLayer`], both with their defaults.
///
/// See [`Stack`] for an example.
pub fn stack() -> Stack {
    Stack {
        precondition: Identity::new(),
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
/// With writes that are checked against what the service itself says, one
/// after the other:
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use tower_conditional::{PreconditionLayer, lock::KeyedLock, source::SelfGet, stack};
///
/// let layer = stack().precondition(
///     PreconditionLayer::self_get(SelfGet::new())
///         .lock(KeyedLock::new())
///         .require(),
/// );
/// # let _ = layer;
/// # }
/// ```
///
/// Outermost first: [`precondition`](Self::precondition), which is not there
/// unless it is set, [`conditional`](Self::conditional), [`etag`](Self::etag),
/// then the service.
#[derive(Debug, Clone)]
#[must_use]
pub struct Stack<C = ConditionalLayer, E = EtagLayer, P = Identity> {
    precondition: P,
    conditional: C,
    etag: E,
}

impl<C, E, P> Stack<C, E, P> {
    /// Sets the layer that checks the conditions of writes.
    pub fn precondition<Q, G>(
        self,
        layer: PreconditionLayer<Q, G>,
    ) -> Stack<C, E, PreconditionLayer<Q, G>> {
        Stack {
            precondition: layer,
            conditional: self.conditional,
            etag: self.etag,
        }
    }

    /// Sets the layer that makes tags.
    pub fn etag<H>(self, layer: EtagLayer<H>) -> Stack<C, EtagLayer<H>, P> {
        Stack {
            precondition: self.precondition,
            conditional: self.conditional,
            etag: layer,
        }
    }

    /// Makes no tags: the service sets its own.
    pub fn without_etag(self) -> Stack<C, Identity, P> {
        Stack {
            precondition: self.precondition,
            conditional: self.conditional,
            etag: Identity::new(),
        }
    }

    /// Sets the layer that answers conditional reads.
    pub fn conditional<K, Q>(
        self,
        layer: ConditionalLayer<K, Q>,
    ) -> Stack<ConditionalLayer<K, Q>, E, P> {
        Stack {
            precondition: self.precondition,
            conditional: layer,
            etag: self.etag,
        }
    }
}

impl<K, Q, H, P> Stack<ConditionalLayer<K, Q>, EtagLayer<H>, P> {
    /// Has the layers of reads both layers record an [`Outcome`](crate::Outcome) on what they
    /// look at. Off by default.
    pub fn explain(self) -> Self {
        Self {
            precondition: self.precondition,
            conditional: self.conditional.explain(),
            etag: self.etag.explain(),
        }
    }
}

impl<S, C, E, P> Layer<S> for Stack<C, E, P>
where
    E: Layer<S>,
    C: Layer<E::Service>,
    P: Layer<C::Service>,
{
    type Service = P::Service;

    fn layer(&self, inner: S) -> Self::Service {
        let reads = self.conditional.layer(self.etag.layer(inner));
        self.precondition.layer(reads)
    }
}
