//! All layers in the right order, and stacks that are ready to use.

mod observed;
mod recipes;

use tower_layer::{Identity, Layer};

pub use observed::ObservedStack;

use crate::{
    CachePolicyLayer, ConditionalLayer, EtagLayer, ObserveLayer, PreconditionLayer, RangeLayer,
    ValidatorSource, conditional::SourceConfig, observe::Observer,
};
#[cfg(feature = "tokio")]
use crate::{IdempotencyLayer, ValidatorCacheLayer};

/// Creates a stack for reads: [`ConditionalLayer`] outside [`EtagLayer`], both with their
/// defaults.
///
/// It does not check `If-Match` on writes, although reads have tags. If clients write, add a
/// [`PreconditionLayer`].
///
/// See [`Stack`] for an example.
pub fn stack() -> Stack {
    Stack {
        cache_policy: Identity::new(),
        idempotency: Identity::new(),
        precondition: Identity::new(),
        ranges: Identity::new(),
        conditional: ConditionalLayer::new(),
        validators: Identity::new(),
        etag: EtagLayer::new(),
    }
}

/// Layer made of the layers of this crate, always in the right order. A wrong order cannot be
/// built. Each setter replaces the layer of that kind.
///
/// ```
/// use tower_conditional::{EtagLayer, stack};
///
/// let layer = stack().etag(EtagLayer::new().weak());
/// # let _: tower_conditional::Stack = layer;
/// ```
///
/// The following stack also checks writes against the reads, and serializes the writes of one
/// note. Put a stack that refuses requests on the methods of a route, with
/// `MethodRouter::route_layer`. There the layers are around each handler, so
/// [`SelfGet`](crate::source::SelfGet) names the service for the reads.
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
/// // A stack around the reads, so that tags and response types are those of a stack.
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
/// Writes accept the tags of reads. If the [`PreconditionLayer`] has a [source](crate::source),
/// reads use the same source, unless the [`ConditionalLayer`] has its own. If the source knows
/// the state, responses get its tag. Otherwise their content is hashed.
///
/// ```
/// use tower_conditional::{PreconditionLayer, VersionTags, source, stack, target};
///
/// // A version for each path, which the scope binds to that path.
/// let versions = source::from_fn(async |request| {
///     VersionTags::plain().scope(target::of(request).path()).number(7)
/// });
/// // Reads get this tag, and a 304 before the handler runs. Writes are compared with it.
/// let layer = stack().precondition(PreconditionLayer::new(versions).require());
/// # let _ = layer;
/// ```
///
/// # Order
///
/// The order is, outermost first: [`cache_policy`](Self::cache_policy), `idempotency`,
/// [`precondition`](Self::precondition), [`ranges`](Self::ranges),
/// [`conditional`](Self::conditional), `validators`, [`etag`](Self::etag), then the service. The
/// first four and `validators` are absent unless they are set.
///
/// # Recipes
///
/// The functions that create a stack are ready to use. Each is a cache policy with the
/// layers that belong to it. One call puts one on a route or on a whole router:
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
/// If a route has its own tags, for instance from a source of validators, use only the
/// [`CachePolicy`](crate::cache_policy::CachePolicy) of the same name:
/// `CachePolicyLayer::new(CachePolicy::read_mostly_json())`. To change a number, adjust the
/// policy:
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
/// The [table](crate::cache_policy#choosing-a-policy) helps to choose one. Each function
/// names the `Cache-Control` of a successful `GET`. Responses for one user get `private` as
/// well, errors `no-store` and redirections `no-cache`; see
/// [`cache_policy`](crate::cache_policy). Compression belongs around these stacks, and
/// [`CodingTagLayer`](crate::CodingTagLayer) around compression.
#[derive(Debug, Clone)]
#[must_use]
pub struct Stack<
    C = ConditionalLayer,
    E = EtagLayer,
    P = Identity,
    K = Identity,
    I = Identity,
    V = Identity,
    R = Identity,
> {
    cache_policy: K,
    idempotency: I,
    precondition: P,
    ranges: R,
    conditional: C,
    validators: V,
    etag: E,
}

impl<C, E, P, K, I, V, R> Stack<C, E, P, K, I, V, R> {
    /// Sets the layer that writes `Cache-Control`. Defaults to none.
    pub fn cache_policy(
        self,
        layer: CachePolicyLayer,
    ) -> Stack<C, E, P, CachePolicyLayer, I, V, R> {
        Stack {
            cache_policy: layer,
            idempotency: self.idempotency,
            precondition: self.precondition,
            ranges: self.ranges,
            conditional: self.conditional,
            validators: self.validators,
            etag: self.etag,
        }
    }

    /// Sets the layer that runs a request with an `Idempotency-Key` once. Defaults to none.
    ///
    /// It is outside of the conditions: a retried write gets its first response, and no 412 on
    /// its own success. A replay never becomes a 304.
    ///
    /// ```
    /// use http::Method;
    /// use tower_conditional::{
    ///     IdempotencyLayer, PreconditionLayer, VersionTags, source, stack,
    ///     store::MemoryIdempotencyStore,
    /// };
    ///
    /// #[derive(Clone)]
    /// struct User(String);
    ///
    /// let keys = IdempotencyLayer::new(MemoryIdempotencyStore::new(), |request| {
    ///     request.extensions.get::<User>().map(|user| user.0.clone())
    /// })
    /// .methods([Method::POST, Method::PUT, Method::PATCH]);
    /// let versions = source::from_fn(async |_| VersionTags::plain().number(7));
    /// let layer = stack()
    ///     .idempotency(keys)
    ///     .precondition(PreconditionLayer::new(versions).require());
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "tokio")]
    pub fn idempotency<St>(
        self,
        layer: IdempotencyLayer<St>,
    ) -> Stack<C, E, P, K, IdempotencyLayer<St>, V, R> {
        Stack {
            cache_policy: self.cache_policy,
            idempotency: layer,
            precondition: self.precondition,
            ranges: self.ranges,
            conditional: self.conditional,
            validators: self.validators,
            etag: self.etag,
        }
    }

    /// Sets the layer that checks the conditions of writes. Defaults to none. Reads use the
    /// same source, unless they have their own.
    pub fn precondition<Q, G, L>(
        self,
        layer: PreconditionLayer<Q, G, L>,
    ) -> Stack<C, E, PreconditionLayer<Q, G, L>, K, I, V, R> {
        Stack {
            cache_policy: self.cache_policy,
            idempotency: self.idempotency,
            precondition: layer,
            ranges: self.ranges,
            conditional: self.conditional,
            validators: self.validators,
            etag: self.etag,
        }
    }

    /// Sets the layer that sends parts of a representation. Defaults to none.
    ///
    /// It is inside of the conditions of writes, and outside of those of reads. So 304 and 412 win
    /// over 206 and 416 (RFC 9110, section 13.2.2).
    ///
    /// ```
    /// use tower_conditional::{RangeLayer, stack};
    ///
    /// let layer = stack().ranges(RangeLayer::new());
    /// # let _ = layer;
    /// ```
    pub fn ranges(self, layer: RangeLayer) -> Stack<C, E, P, K, I, V, RangeLayer> {
        Stack {
            cache_policy: self.cache_policy,
            idempotency: self.idempotency,
            precondition: self.precondition,
            ranges: layer,
            conditional: self.conditional,
            validators: self.validators,
            etag: self.etag,
        }
    }

    /// Sets the layer that remembers validators. Defaults to none.
    ///
    /// ```
    /// use tower_conditional::{
    ///     ValidatorCacheLayer, stack, store::MemoryValidatorStore, validator_cache::ValidatorCache,
    /// };
    ///
    /// let cache = ValidatorCache::new(MemoryValidatorStore::new());
    /// let layer = stack().validators(ValidatorCacheLayer::new(cache));
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "tokio")]
    pub fn validators<St>(
        self,
        layer: ValidatorCacheLayer<St>,
    ) -> Stack<C, E, P, K, I, ValidatorCacheLayer<St>, R> {
        Stack {
            cache_policy: self.cache_policy,
            idempotency: self.idempotency,
            precondition: self.precondition,
            ranges: self.ranges,
            conditional: self.conditional,
            validators: layer,
            etag: self.etag,
        }
    }

    /// Sets the layer that makes tags. Defaults to [`EtagLayer::new`].
    pub fn etag<H>(self, layer: EtagLayer<H>) -> Stack<C, EtagLayer<H>, P, K, I, V, R> {
        Stack {
            cache_policy: self.cache_policy,
            idempotency: self.idempotency,
            precondition: self.precondition,
            ranges: self.ranges,
            conditional: self.conditional,
            validators: self.validators,
            etag: layer,
        }
    }

    /// Removes the layer that makes tags. Use it if the service sets its own tags.
    pub fn without_etag(self) -> Stack<C, Identity, P, K, I, V, R> {
        Stack {
            cache_policy: self.cache_policy,
            idempotency: self.idempotency,
            precondition: self.precondition,
            ranges: self.ranges,
            conditional: self.conditional,
            validators: self.validators,
            etag: Identity::new(),
        }
    }

    /// Sets the layer that answers conditional reads. Defaults to
    /// [`ConditionalLayer::new`].
    pub fn conditional<Q>(
        self,
        layer: ConditionalLayer<Q>,
    ) -> Stack<ConditionalLayer<Q>, E, P, K, I, V, R> {
        Stack {
            cache_policy: self.cache_policy,
            idempotency: self.idempotency,
            precondition: self.precondition,
            ranges: self.ranges,
            conditional: layer,
            validators: self.validators,
            etag: self.etag,
        }
    }
}

impl<Q, H: Clone, P, K, I, V: Explain, R: Explain>
    Stack<ConditionalLayer<Q>, EtagLayer<H>, P, K, I, V, R>
{
    /// Records an [`Outcome`](crate::Outcome) on the responses that the layers of reads inspect.
    /// Off by default. Call it after the layers are set.
    pub fn explain(self) -> Self {
        Self {
            cache_policy: self.cache_policy,
            idempotency: self.idempotency,
            precondition: self.precondition,
            ranges: self.ranges.explain(),
            conditional: self.conditional.explain(),
            validators: self.validators.explain(),
            etag: self.etag.explain(),
        }
    }
}

impl<C, E, P, K, I, V, R> Stack<C, E, P, K, I, V, R> {
    /// Reports each exchange to an observer. Call it last.
    ///
    /// It is the outermost layer of the stack, so that layers outside of it, such as
    /// authentication, are not observed. See [`observe`](crate::observe).
    ///
    /// ```
    /// use tower_conditional::{
    ///     observe::{Exchange, SavedBytes},
    ///     stack,
    /// };
    ///
    /// let layer = stack().observe(|exchange: &Exchange<'_>| {
    ///     if let Some(SavedBytes::Known(bytes)) = exchange.bytes_saved() {
    ///         println!("{}: {bytes} bytes saved", exchange.route());
    ///     }
    /// });
    /// # let _ = layer;
    /// ```
    pub fn observe(self, observer: impl Observer) -> ObservedStack<Self> {
        self.observe_with(ObserveLayer::new(observer))
    }

    /// Reports each exchange by this layer, for example one with a
    /// [function for routes](ObserveLayer::route). Call it last.
    pub fn observe_with(self, layer: ObserveLayer) -> ObservedStack<Self> {
        ObservedStack::new(self, layer)
    }
}

/// A layer of reads that can record an outcome, or no layer.
#[allow(unnameable_types)] // sealed
pub trait Explain {
    /// Records an outcome on each response.
    #[doc(hidden)]
    fn explain(self) -> Self;
}

impl Explain for Identity {
    fn explain(self) -> Self {
        self
    }
}

impl Explain for RangeLayer {
    fn explain(self) -> Self {
        self.explain()
    }
}

#[cfg(feature = "tokio")]
impl<St> Explain for ValidatorCacheLayer<St> {
    fn explain(self) -> Self {
        self.explain()
    }
}

/// A read layer that can use the source of a write layer `P`, so that both have the same tags.
#[allow(unnameable_types)] // sealed
pub trait ShareSource<P> {
    /// The layer of reads, with a source.
    #[doc(hidden)]
    type Layer;

    /// Returns the read layer, with the source of the writes if it has none of its own.
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

impl<S, C, E, P, K, I, V, R> Layer<S> for Stack<C, E, P, K, I, V, R>
where
    E: Layer<S>,
    V: Layer<E::Service>,
    C: ShareSource<P, Layer: Layer<V::Service>>,
    R: Layer<<C::Layer as Layer<V::Service>>::Service>,
    P: Layer<R::Service>,
    I: Layer<P::Service>,
    K: Layer<I::Service>,
{
    type Service = K::Service;

    fn layer(&self, inner: S) -> Self::Service {
        // Built from the inside out.
        let reads = self.conditional.sharing_source_of(&self.precondition);
        let reads = reads.layer(self.validators.layer(self.etag.layer(inner)));
        let writes = self.precondition.layer(self.ranges.layer(reads));
        let writes = self.idempotency.layer(writes);
        self.cache_policy.layer(writes)
    }
}
