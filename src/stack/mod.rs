//! All layers in the right order, and stacks that are ready to use.

mod recipes;

use tower_layer::{Identity, Layer};

use crate::{
    CachePolicyLayer, ConditionalLayer, EtagLayer, PreconditionLayer, ValidatorSource,
    conditional::SourceConfig,
};

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
/// With writes that are checked against what the reads say, one after the other. A
/// stack that refuses belongs on the methods of a route, by
/// `MethodRouter::route_layer`, where the layers are around each handler: so the
/// [`SelfGet`](crate::source::SelfGet) names the reads.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// # use axum::{Router, routing::get};
/// # use tower::Layer;
/// # async fn read() {}
/// # async fn write() {}
/// use tower_conditional::{
///     PreconditionLayer, lock::KeyedLock, route::Route, source::SelfGet, stack,
/// };
///
/// // Inside of a stack, since the tags and the type of its answers are those of a stack.
/// let reads = stack().layer(Router::new().route("/notes/{id}", get(read)));
/// let note = Route::new("/notes/{id}")?;
/// let guarded = stack().precondition(
///     PreconditionLayer::self_get(SelfGet::of(reads))
///         .require()
///         .lock(KeyedLock::new(), move |request| note.parameter::<i64>(request, "id")),
/// );
/// let app: Router =
///     Router::new().route("/notes/{id}", get(read).put(write).route_layer(guarded));
/// # let _ = app;
/// # }
/// # Ok::<_, tower_conditional::route::InvalidRoute>(())
/// ```
///
/// # One origin of tags
///
/// The tag that a read hands out is the tag that a write takes. If the
/// [`PreconditionLayer`] has a [source](crate::source), reads ask the same source,
/// unless the [`ConditionalLayer`] has one of its own. Where the source knows the
/// state, its tag labels the response and nothing is hashed. Where it does not,
/// the content is hashed.
///
/// ```
/// use tower_conditional::{PreconditionLayer, VersionTags, source, stack, target};
///
/// // A version for each path, which the scope binds to that path.
/// let versions = source::from_fn(async |request| {
///     VersionTags::plain().scope(target::of(request).path()).number(7)
/// });
/// // Reads get this tag, 304 before the handler runs, and writes take it.
/// let layer = stack().precondition(PreconditionLayer::new(versions).require());
/// # let _ = layer;
/// ```
///
/// # Order
///
/// Outermost first: [`cache_policy`](Self::cache_policy) and
/// [`precondition`](Self::precondition), which are not there unless they are
/// set, [`conditional`](Self::conditional), [`etag`](Self::etag), then the
/// service.
///
/// # Recipes
///
/// The functions that make a stack are ready to use: a cache policy, and the layers that
/// belong to it. One call puts one on a route or on a whole router:
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_conditional::Stack;
///
/// let app: Router = Router::new()
///     .route("/articles", get(async || "[]").layer(Stack::read_mostly_json()))
///     .route("/account", get(async || "{}").layer(Stack::no_store()));
/// # let _ = app;
/// ```
///
/// If a route has tags of its own, from a source of validators for instance, use the
/// [`CachePolicy`](crate::cache_policy::CachePolicy) of the same name alone:
/// `CachePolicyLayer::new(CachePolicy::read_mostly_json())`. Other numbers go through the
/// policy too:
///
/// ```
/// use std::time::Duration;
///
/// use tower_conditional::{Stack, cache_policy::CachePolicy};
///
/// let policy = CachePolicy::read_mostly_json()
///     .adjust(|directives| directives.with_max_age(Duration::from_secs(10)))?;
/// let layer = Stack::tagged(policy);
/// # let _ = layer;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// The [table](crate::cache_policy#choosing-a-policy) says which to choose. Each function
/// names the `Cache-Control` of a successful `GET`. Responses for one user get `private` as
/// well, errors `no-store` and redirections `no-cache`; see
/// [`cache_policy`](crate::cache_policy). Compression belongs around these stacks, and
/// [`CodingTagLayer`](crate::CodingTagLayer) around compression.
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
    pub fn cache_policy(self, layer: CachePolicyLayer) -> Stack<C, E, P, CachePolicyLayer> {
        Stack {
            cache_policy: layer,
            precondition: self.precondition,
            conditional: self.conditional,
            etag: self.etag,
        }
    }

    /// Sets the layer that checks the conditions of writes. Reads ask its source
    /// too, unless they have one of their own.
    pub fn precondition<Q, G, L>(
        self,
        layer: PreconditionLayer<Q, G, L>,
    ) -> Stack<C, E, PreconditionLayer<Q, G, L>, K> {
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
    pub fn conditional<Q>(self, layer: ConditionalLayer<Q>) -> Stack<ConditionalLayer<Q>, E, P, K> {
        Stack {
            cache_policy: self.cache_policy,
            precondition: self.precondition,
            conditional: layer,
            etag: self.etag,
        }
    }
}

impl<Q, H: Clone, P, K> Stack<ConditionalLayer<Q>, EtagLayer<H>, P, K> {
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

/// The layer of reads, beside a layer of writes: both have one origin of tags.
#[allow(unnameable_types)] // sealed
pub trait ShareSource<P> {
    #[doc(hidden)]
    type Layer;

    #[doc(hidden)]
    fn sharing_source_of(&self, writes: &P) -> Self::Layer;
}

impl<P> ShareSource<P> for Identity {
    type Layer = Self;

    fn sharing_source_of(&self, _: &P) -> Self {
        Self::new()
    }
}

impl ShareSource<Identity> for ConditionalLayer {
    type Layer = Self;

    fn sharing_source_of(&self, _: &Identity) -> Self {
        self.clone()
    }
}

impl<Q: ValidatorSource, G, L> ShareSource<PreconditionLayer<Q, G, L>> for ConditionalLayer {
    type Layer = ConditionalLayer<SourceConfig<Q>>;

    fn sharing_source_of(&self, writes: &PreconditionLayer<Q, G, L>) -> Self::Layer {
        self.clone().shared_source(writes.shared_source())
    }
}

impl<Q, P> ShareSource<P> for ConditionalLayer<SourceConfig<Q>> {
    type Layer = Self;

    fn sharing_source_of(&self, _: &P) -> Self {
        self.clone()
    }
}

impl<S, C, E, P, K> Layer<S> for Stack<C, E, P, K>
where
    E: Layer<S>,
    C: ShareSource<P, Layer: Layer<E::Service>>,
    P: Layer<<C::Layer as Layer<E::Service>>::Service>,
    K: Layer<P::Service>,
{
    type Service = K::Service;

    fn layer(&self, inner: S) -> Self::Service {
        let reads = self.conditional.sharing_source_of(&self.precondition);
        let reads = reads.layer(self.etag.layer(inner));
        self.cache_policy.layer(self.precondition.layer(reads))
    }
}
