use std::sync::Arc;

use http::{Extensions, Request};

use super::{
    exchange::{ExchangeRecord, ExchangeScope},
    routes::{ObservedRoutes, RouteOf},
};

/// The settings of an [`ObserveLayer`].
#[derive(Clone)]
pub(super) struct ObserveConfig {
    pub(super) route_of: Option<RouteOf>,
    pub(super) routes: Arc<ObservedRoutes>,
    pub(super) counts_handler: bool,
    pub(super) times_handler: bool,
}

impl ObserveConfig {
    /// Returns the scope of a request, and the request.
    pub(super) fn begin<B>(&self, request: Request<B>) -> (ExchangeScope, Request<B>) {
        let (route, request) = match &self.route_of {
            None => (
                self.routes.get(matched_route(request.extensions())),
                request,
            ),
            Some(route_of) => {
                let (parts, content) = request.into_parts();
                let route = self.routes.get(route_of(&parts));
                (route, Request::from_parts(parts, content))
            }
        };
        let exchange =
            ExchangeRecord::new(request.method(), self.counts_handler, self.times_handler);
        (ExchangeScope::new(route, exchange), request)
    }
}

/// Returns the route that axum's router has matched.
#[cfg(feature = "axum")]
fn matched_route(extensions: &Extensions) -> Option<&str> {
    let matched = extensions.get::<axum::extract::MatchedPath>();
    matched.map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
fn matched_route(_: &Extensions) -> Option<&str> {
    None
}
