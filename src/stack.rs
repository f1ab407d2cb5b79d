//! All layers in the right order.

use tower_layer::{Identity, Layer};

use crate::{CachePolicyLayer, ConditionalLayer, EtagLayer, PreconditionLayer};

/// The layers that make reads cheap, in the order that is right:
/// [`ConditionalLayer`] outside [`EtagLayer`], both with their defaults.
///
/// See [`Stack`] for an example.
pub fn stack() -> Stack {
    Stack {
        cache_policy: Identity::new(),
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
/// Outermost first: [`cache_policy`](Self::cache_policy) and
/// [`precondition`](Self::precondition), which are not there unless they are
/// set, [`conditional`](Self::conditional), [`etag`](Self::etag), then the
/// service. [`recipe`](crate::recipe) has stacks that are ready to use.
#[derive(Debug, Clone)]
#[must_use]
pub struct Stack<C = ConditionalLayer, E = EtagLayer, P = Identity, K = Identity> {
    cache_policy: K,
    precondition: P,
    conditional: C,
    etag: E,
}

impl<C, E, P, K> Stack<C, E, P, K> {
    /// Sets the layer that says how responses may be cached.
    pub fn cache_policy<T>(
        self,
        layer: CachePolicyLayer<T>,
    ) -> Stack<C, E, P, CachePolicyLayer<T>> {
        Stack {
            cache_policy: layer,
            precondition: self.precondition,
            conditional: self.conditional,
            etag: self.etag,
        }
    }

    /// Sets the layer that checks the conditions of writes.
    pub fn precondition<Q, G>(
        self,
        layer: PreconditionLayer<Q, G>,
    ) -> Stack<C, E, PreconditionLayer<Q, G>, K> {
        Stack {
            cache_policy: self.cache_policy,
            precondition: layer,
            conditional: self.conditional,
            etag: self.etag,
        }
    }

    /// Sets the layer that makes tags.
    pub fn etag<H>(self, layer: EtagLayer<H>) -> Stack<C, EtagLayer<H>, P, K> {
        Stack {
            cache_policy: self.cache_policy,
            precondition: self.precondition,
            conditional: self.conditional,
            etag: layer,
        }
    }

    /// Makes no tags: the service sets its own.
    pub fn without_etag(self) -> Stack<C, Identity, P, K> {
        Stack {
            cache_policy: self.cache_policy,
            precondition: self.precondition,
            conditional: self.conditional,
            etag: Identity::new(),
        }
    }

    /// Sets the layer that answers conditional reads.
    pub fn conditional<T, Q>(
        self,
        layer: ConditionalLayer<T, Q>,
    ) -> Stack<ConditionalLayer<T, Q>, E, P, K> {
        Stack {
            cache_policy: self.cache_policy,
            precondition: self.precondition,
            conditional: layer,
            etag: self.etag,
        }
    }
}

impl<T, Q, H, P, K> Stack<ConditionalLayer<T, Q>, EtagLayer<H>, P, K> {
    /// Has both layers of reads record an [`Outcome`](crate::Outcome) on what
    /// they look at. Off by default.
    pub fn explain(self) -> Self {
        Self {
            cache_policy: self.cache_policy,
            precondition: self.precondition,
            conditional: self.conditional.explain(),
            etag: self.etag.explain(),
        }
    }
}

impl<S, C, E, P, K> Layer<S> for Stack<C, E, P, K>
where
    E: Layer<S>,
    C: Layer<E::Service>,
    P: Layer<C::Service>,
    K: Layer<P::Service>,
{
    type Service = K::Service;

    fn layer(&self, inner: S) -> Self::Service {
        let reads = self.conditional.layer(self.etag.layer(inner));
        self.cache_policy.layer(self.precondition.layer(reads))
    }
}
