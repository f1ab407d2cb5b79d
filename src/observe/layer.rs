use std::{fmt, sync::Arc};

use http::request::Parts;
use tower_layer::Layer;

use super::{Observe, config::ObserveConfig, exchange::Observer, routes::ObservedRoutes};
use crate::{
    route::{InvalidRoute, Route, RouteTable},
    setting::above_zero,
};

/// The number of routes that have a name of their own.
const MAX_ROUTES: usize = 64;

/// Layer that reports each exchange to an observer.
///
/// See the [module docs](crate::observe) for an example.
#[derive(Clone)]
#[must_use]
pub struct ObserveLayer {
    config: ObserveConfig,
}

impl ObserveLayer {
    /// Creates a layer that reports to this observer.
    pub fn new(observer: impl Observer) -> Self {
        Self {
            config: ObserveConfig {
                times_handler: observer.times_handler(),
                route_of: None,
                routes: Arc::new(ObservedRoutes::new(MAX_ROUTES, Arc::new(observer))),
                counts_handler: false,
            },
        }
    }

    /// Sets the function that names the route of a request. Defaults to axum's `MatchedPath`, with
    /// the feature `axum` and inside of the router, and to `other`.
    ///
    /// The name is a label of metrics and a field of logs. Return the pattern of a route, never a
    /// path: each name is a set of series, and a path may tell who the client is.
    ///
    /// ```
    /// use tower_conditional::{
    ///     observe::{Exchange, ObserveLayer},
    ///     route::Route,
    ///     target,
    /// };
    ///
    /// let note = Route::new("/notes/{id}")?;
    /// let layer = ObserveLayer::new(|_: &Exchange<'_>| {})
    ///     .route(move |request| note.matches(target::of(request).path()).then_some("/notes/{id}"));
    /// # let _ = layer;
    /// # Ok::<_, tower_conditional::route::InvalidRoute>(())
    /// ```
    pub fn route(
        mut self,
        route: impl for<'a> Fn(&'a Parts) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        self.config.route_of = Some(Arc::new(route));
        self
    }

    /// Names the route of a request by the first of these patterns that matches its path. Requests
    /// without one are `other`.
    ///
    /// Use this for a layer around a router, which does not know the route that the router selects.
    /// The patterns are compared with the path without the prefix of a nested router. A later call of
    /// this method or of [`route`](Self::route) replaces the names.
    ///
    /// If there are more patterns than [`max_routes`](Self::max_routes), 64 by default, those that are
    /// requested first keep their names, and the rest are `other`.
    ///
    /// ```
    /// use tower_conditional::observe::{Exchange, ObserveLayer};
    ///
    /// let layer = ObserveLayer::new(|_: &Exchange<'_>| {}).routes(["/notes", "/notes/{id}"])?;
    /// # let _ = layer;
    /// # Ok::<_, tower_conditional::route::InvalidRoute>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a pattern is not a valid [`Route`].
    pub fn routes(
        self,
        patterns: impl IntoIterator<Item = &'static str>,
    ) -> Result<Self, InvalidRoute> {
        let names: Vec<_> = patterns.into_iter().collect();
        let mut table = RouteTable::new();
        for (number, pattern) in names.iter().enumerate() {
            table.insert(&Route::new(pattern)?, number);
        }
        Ok(self.route(move |request| {
            let mut first = None::<usize>;
            table.for_each_match(request.uri.path(), |number| {
                first = Some(first.map_or(number, |first| first.min(number)));
            });
            first.map(|number| names[number])
        }))
    }

    /// Sets how many routes have names of their own. Further routes are `other`. Defaults to 64.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no route would have a name.
    #[track_caller]
    pub fn max_routes(mut self, max_routes: usize) -> Self {
        let remedy = "at least one route needs a name";
        let max_routes = above_zero("max_routes", max_routes, remedy);
        self.config.routes = Arc::new(self.config.routes.with_max_routes(max_routes));
        self
    }

    /// Expects a [`CountedHandler`](super::CountedHandler) inside.
    pub(crate) fn counting_handler(mut self) -> Self {
        self.config.counts_handler = true;
        self
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Observe::new(inner, self.config.clone())
    }
}

impl fmt::Debug for ObserveLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserveLayer")
            .field("routes", &self.config.routes)
            .finish_non_exhaustive()
    }
}
