//! `/metrics`: what the layers decided, for Prometheus.

use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::{self, Duration};
use tower_conditional::{
    ObserveLayer,
    observe::Metrics,
    route::{InvalidRoute, Route},
};

/// The routes by their names in the metrics. The first that matches a path wins.
///
/// The layer is around the router, since it observes the layers there. So it does not know the
/// route that the router selects.
const ROUTES: [&str; 12] = [
    "/$etags-cache",
    "/{group}/$etags-cache",
    "/",
    "/assets/{file}",
    "/notes",
    "/notes/{id}",
    "/pages/{name}",
    "/private/me",
    "/orders",
    "/state",
    "/events",
    "/metrics",
];

/// The upper bounds of the times of sources, in seconds.
const SOURCE_BUCKETS: [f64; 7] = [0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2.0];

/// The time after which values of histograms are summed up, also if nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// The counters of the layers, and their text.
#[derive(Clone)]
pub(crate) struct Monitoring {
    pub(crate) metrics: Metrics,
    prometheus: PrometheusHandle,
}

impl Monitoring {
    pub(crate) fn new(build: &str) -> Result<Self, BuildError> {
        let sources = Matcher::Full("http_conditional_source_seconds".to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(sources, &SOURCE_BUCKETS)?
            .build_recorder();
        let prometheus = recorder.handle();
        Ok(Self {
            metrics: Metrics::with_recorder(recorder).build(build),
            prometheus,
        })
    }

    /// Returns the layer that belongs around all others. It knows the routes of this service, and
    /// these.
    pub(crate) fn layer(&self, others: &[&'static str]) -> Result<ObserveLayer, InvalidRoute> {
        let routes = ROUTES.iter().chain(others).copied();
        let routes = routes.map(|name| Ok((name, Route::new(name)?)));
        let routes = routes.collect::<Result<Vec<_>, _>>()?;
        let layer = ObserveLayer::new(self.metrics.clone());
        Ok(layer.route(move |request| {
            let path = request.uri.path();
            let found = routes.iter().find(|(_, route)| route.matches(path));
            found.map(|(name, _)| *name)
        }))
    }

    pub(crate) fn routes(&self) -> Router {
        let prometheus = self.prometheus.clone();
        let show = async move || {
            let headers = [
                (
                    header::CONTENT_TYPE,
                    "text/plain; version=0.0.4; charset=utf-8",
                ),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, prometheus.render())
        };
        Router::new().route("/metrics", get(show))
    }

    /// Keeps the memory of the recorder bounded.
    pub(crate) async fn upkeep(self) {
        let mut ticks = time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.prometheus.run_upkeep();
        }
    }
}
