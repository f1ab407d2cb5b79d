//! `/metrics`: the decisions of the layers, for Prometheus.
//!
//! A public service shows them on another address, since they tell how many clients read and write.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    routing::{MethodRouter, get},
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use tokio::time::{self, Duration};
use tower_conditional::observe::Metrics;

/// The routes by their names in the metrics. The first that matches a path wins.
pub(crate) const ROUTES: [&str; 12] = [
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

/// The time after which values of histograms are summed up, also if nobody scrapes. That keeps the
/// memory of the recorder bounded.
const UPKEEP: Duration = Duration::from_secs(5);

/// Returns the counters and the handler that shows them, and spawns a task that runs as long as the
/// runtime.
///
/// # Panics
///
/// Panics outside of a runtime.
pub(crate) fn metrics(build: &str) -> Result<(Metrics, MethodRouter), BuildError> {
    let sources = Matcher::Full("http_conditional_source_seconds".to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(sources, &SOURCE_BUCKETS)?
        .build_recorder();
    let prometheus = recorder.handle();
    let text = prometheus.clone();
    tokio::spawn(async move {
        let mut ticks = time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            prometheus.run_upkeep();
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    let show = get(async move || (headers, text.render()));
    Ok((Metrics::with_recorder(recorder).build(build), show))
}
