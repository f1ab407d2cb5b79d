use std::{
    convert::Infallible,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use axum::routing::{MethodFilter, MethodRouter, Route, any, on};
use axum_core::{extract::Request, response::IntoResponse};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    conditional::{ConditionalLayer, SourceConfig},
    precondition::{Precondition, PreconditionLayer},
    source::{SelfGet, ValidatorSource},
};

/// The methods of one versioned resource, with a source of its validators; see [`guard`].
#[must_use = "`with_state` makes the methods that `Router::route` takes"]
pub struct GuardedResource<Q, S = (), L = ()> {
    reads: MethodRouter<S>,
    writes: MethodRouter<S>,
    conditional: ConditionalLayer<SourceConfig<Q>>,
    precondition: PreconditionLayer<Q, (), L>,
    read_layers: Vec<RouteLayer>,
    write_layers: Vec<RouteLayer>,
}

/// A function that puts a layer around every method of a route.
type RouteLayer = Arc<dyn Fn(MethodRouter) -> MethodRouter + Send + Sync>;

/// Guards the writes of a resource and answers its conditional reads, by the validators of one
/// source.
///
/// `reads` has the methods `GET` and `HEAD`. `writes` has `POST`, `PUT`, `PATCH` and `DELETE`,
/// as far as there are handlers for them. [`with_state`](GuardedResource::with_state) combines
/// both into the `MethodRouter` that [`Router::route`](axum::Router::route) takes:
///
/// ```
/// # use axum::{Router, routing::{get, put}};
/// # use tower_conditional::{VersionTags, resource::guard, source};
/// # async fn read() {}
/// # async fn write() {}
/// # async fn remove() {}
/// # let version = source::now(|_| VersionTags::of("notes", 1).number(7));
/// let note = guard(version, get(read), put(write).delete(remove)).with_state(());
/// let app: Router = Router::new().route("/notes/{id}", note);
/// # let _ = app;
/// ```
///
/// - A conditional read of a client with the current representation is a 304, and the
///   handler does not run. Other reads get the source's tag once the source
///   [confirms](crate::conditional#confirmation) it, unless the handler sets a tag.
/// - A `PUT`, `PATCH` or `DELETE` without a condition is a 428, unless the resource is
///   [`optional`](GuardedResource::optional).
/// - A false condition is a 412 with the current representation.
/// - A write that may be performed reaches the handler with its
///   [`Expected`](crate::handler::Expected), which prevents lost updates.
///
/// # Panics
///
/// [`with_state`](GuardedResource::with_state) panics if
///
/// - `reads` or `writes` has no method,
/// - a read method is among `writes`, or a write method among `reads`,
/// - one of them has a fallback, as from `axum::routing::any`. A fallback is outside all
///   layers, authorization included. For another 405 use
///   [`Router::method_not_allowed_fallback`](axum::Router::method_not_allowed_fallback).
#[doc(alias = "optimistic concurrency")]
#[doc(alias = "optimistic locking")]
#[doc(alias = "lost update")]
pub fn guard<Q, S>(
    source: Q,
    reads: MethodRouter<S>,
    writes: MethodRouter<S>,
) -> GuardedResource<Q, S>
where
    Q: ValidatorSource,
{
    let precondition = PreconditionLayer::new(source).require();
    GuardedResource {
        reads,
        writes,
        conditional: ConditionalLayer::new().shared_source(precondition.shared_source()),
        precondition,
        read_layers: Vec::new(),
        write_layers: Vec::new(),
    }
}

impl<Q: ValidatorSource, S, L> GuardedResource<Q, S, L> {
    /// Adds a layer around the reads, outside the conditional layer. Use it for authorization,
    /// so that no 304 comes before a 401. Each call adds a layer outside the previous ones.
    ///
    /// The representation of a 412 comes from inside this layer. So a client that may write
    /// but not read does not see it.
    ///
    /// ```
    /// # use axum::{Router, extract::Request, middleware::{Next, from_fn}, response::Response,
    /// #     routing::{get, put}};
    /// # use tower_conditional::{VersionTags, resource::guard, source};
    /// # async fn read() {}
    /// # async fn write() {}
    /// # async fn may_read(request: Request, next: Next) -> Response { next.run(request).await }
    /// # async fn may_write(request: Request, next: Next) -> Response { next.run(request).await }
    /// # let version = source::now(|_| VersionTags::of("notes", 1).number(7));
    /// let note = guard(version, get(read), put(write))
    ///     .layer_reads(from_fn(may_read))
    ///     .layer_writes(from_fn(may_write))
    ///     .with_state(());
    /// # let _: Router = Router::new().route("/notes/{id}", note);
    /// ```
    ///
    /// A layer for all methods may go around the route or the router instead. A concurrency
    /// limit must go there: otherwise the `GET` for a 412 waits for the slot that its own write
    /// holds.
    pub fn layer_reads<T>(mut self, layer: T) -> Self
    where
        T: Layer<Route> + Clone + Send + Sync + 'static,
        T::Service: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        <T::Service as Service<Request>>::Response: IntoResponse + 'static,
        <T::Service as Service<Request>>::Future: Send + 'static,
    {
        self.read_layers.push(around_routes(layer));
        self
    }

    /// Adds a layer around the writes, outside the check of their conditions. Use it for
    /// authorization, so that no 412 and no 428 comes before a 401. Each call adds a layer
    /// outside the previous ones.
    pub fn layer_writes<T>(mut self, layer: T) -> Self
    where
        T: Layer<Route> + Clone + Send + Sync + 'static,
        T::Service: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        <T::Service as Service<Request>>::Response: IntoResponse + 'static,
        <T::Service as Service<Request>>::Future: Send + 'static,
    {
        self.write_layers.push(around_routes(layer));
        self
    }

    /// Lets writes without a condition pass. By default a `PUT`, `PATCH` or `DELETE`
    /// without one is a 428.
    pub fn optional(self) -> Self {
        self.configure_writes(|layer| layer.require_if(|_| false))
    }

    /// Changes the layer of the reads. It starts with its defaults.
    pub fn configure_reads(
        mut self,
        configure: impl FnOnce(ConditionalLayer<SourceConfig<Q>>) -> ConditionalLayer<SourceConfig<Q>>,
    ) -> Self {
        self.conditional = configure(self.conditional);
        self
    }

    /// Changes the layer of the writes. It starts with its defaults and
    /// [`require`](PreconditionLayer::require).
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// # use axum::{Router, http::Method, routing::{get, put}};
    /// # use tower_conditional::{VersionTags, lock::KeyedLock, resource::guard, source};
    /// # use tower_conditional::route::Route;
    /// # async fn read() {}
    /// # async fn write() {}
    /// # let version = source::now(|_| VersionTags::of("notes", 1).number(7));
    /// let route = Route::new("/notes/{id}")?;
    /// let note = guard(version, get(read), put(write))
    ///     .configure_writes(move |layer| {
    ///         layer
    ///             .creates([Method::POST]) // and `PUT` only replaces
    ///             .lock(KeyedLock::new(), move |request| route.parameter::<i64>(request, "id"))
    ///     })
    ///     .with_state(());
    /// # let _: Router = Router::new().route("/notes/{id}", note);
    /// # }
    /// # Ok::<_, tower_conditional::route::InvalidRoute>(())
    /// ```
    pub fn configure_writes<L2>(
        self,
        configure: impl FnOnce(PreconditionLayer<Q, (), L>) -> PreconditionLayer<Q, (), L2>,
    ) -> GuardedResource<Q, S, L2> {
        GuardedResource {
            reads: self.reads,
            writes: self.writes,
            conditional: self.conditional,
            precondition: configure(self.precondition),
            read_layers: self.read_layers,
            write_layers: self.write_layers,
        }
    }

    /// Provides the state for the handlers, and returns the `MethodRouter` that
    /// [`Router::route`](axum::Router::route) takes. Pass `()` if the handlers have no state.
    ///
    /// # Panics
    ///
    /// Panics in the cases that [`guard`] lists.
    #[track_caller]
    pub fn with_state<S2>(self, state: S) -> MethodRouter<S2>
    where
        S: Clone + Send + Sync + 'static,
        S2: Clone,
        L: Clone + Send + Sync + 'static,
        Precondition<Route, Q, SelfGet<MethodRouter>, L>:
            Service<Request, Error = Infallible, Response: IntoResponse, Future: Send>,
    {
        let around = |layers: &[RouteLayer], routes: MethodRouter| {
            layers.iter().fold(routes, |routes, layer| layer(routes))
        };
        let reads: MethodRouter = self.reads.with_state(state.clone());
        let writes: MethodRouter = self.writes.with_state(state);
        refuse_misplaced(&reads, &writes);
        // The `GET` for a 412 runs in place of a write, which has passed the layers of the
        // writes only. So it runs inside those of the reads.
        let own_get = SelfGet::on_the_same_route(around(&self.read_layers, reads.clone()));
        let precondition = self.precondition.with_self_get(own_get.writers_may_read());

        let reads = around(&self.read_layers, reads.route_layer(self.conditional));
        let writes = around(&self.write_layers, writes.route_layer(precondition));
        reads.merge(writes).with_state(())
    }
}

/// Refuses handlers that would be outside their layers.
#[track_caller]
fn refuse_misplaced(reads: &MethodRouter, writes: &MethodRouter) {
    let changing = MethodFilter::POST
        .or(MethodFilter::PUT)
        .or(MethodFilter::PATCH)
        .or(MethodFilter::DELETE);
    let reading = MethodFilter::GET.or(MethodFilter::HEAD);
    assert!(
        !overlaps(reads, on(changing, async || ())),
        "the reads of a guarded resource have a `POST`, `PUT`, `PATCH` or `DELETE`: \
         move it to the writes, the last argument of `guard`"
    );
    assert!(
        !overlaps(writes, on(reading, async || ())),
        "the writes of a guarded resource have a `GET` or `HEAD`: \
         move it to the reads, the second argument of `guard`"
    );
    assert!(
        !overlaps(reads, any(async || ())) && !overlaps(writes, any(async || ())),
        "a guarded resource has a fallback, which no layer would be around: \
         name its methods in place of `any`, or use `Router::method_not_allowed_fallback`"
    );
}

/// Returns `true` if both have a method or a fallback in common. `axum` reports that only by a
/// panic, so call this only for methods that should not be there.
fn overlaps(routes: &MethodRouter, others: MethodRouter) -> bool {
    catch_unwind(AssertUnwindSafe(|| routes.clone().merge(others))).is_err()
}

fn around_routes<T>(layer: T) -> RouteLayer
where
    T: Layer<Route> + Clone + Send + Sync + 'static,
    T::Service: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    <T::Service as Service<Request>>::Response: IntoResponse + 'static,
    <T::Service as Service<Request>>::Future: Send + 'static,
{
    Arc::new(move |routes: MethodRouter| routes.route_layer(layer.clone()))
}

impl<Q, S, L: fmt::Debug> fmt::Debug for GuardedResource<Q, S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResource")
            .field("reads", &self.reads)
            .field("writes", &self.writes)
            .field("conditional", &self.conditional)
            .field("precondition", &self.precondition)
            .finish_non_exhaustive()
    }
}
