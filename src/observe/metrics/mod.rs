mod definition;
mod label_sets;
mod recorder;
mod route_series;
mod series;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use ::metrics::Recorder;

use self::{recorder::MetricsRecorder, series::Series};
use super::exchange::{Event, Exchange, Observer};
use crate::outcome::TagOrigin;

/// An observer that reports to the recorder of the crate `metrics`, such as an exporter for
/// Prometheus or OpenTelemetry.
///
/// ```
/// use metrics_exporter_prometheus::PrometheusBuilder;
/// use tower_conditional::{observe::Metrics, stack};
///
/// let recorder = PrometheusBuilder::new().build_recorder();
/// let prometheus = recorder.handle();
/// let metrics = Metrics::with_recorder(recorder).build("2026-11-20");
///
/// let layer = stack().observe(metrics.clone());
/// // in the handler of `GET /metrics`:
/// let text = prometheus.render();
/// assert!(text.contains("http_conditional_build_info{build=\"2026-11-20\"} 1"));
/// # let _ = layer;
/// ```
///
/// Clones share their series. Give one to each layer, and one to
/// `PurgeQueue::observe`.
///
/// # Metrics
///
/// | Name | Kind | Unit | Labels | Description |
/// |---|---|---|---|---|
/// | `http_conditional_requests_total` | counter | count | `route`, `method`, `outcome` | Requests by the decision of the layers |
/// | `http_conditional_bytes_sent_total` | counter | bytes | `route` | Bytes of content that were read from the service |
/// | `http_conditional_bytes_saved_total` | counter | bytes | `route`, `estimate` | Bytes of content that 304s saved |
/// | `http_conditional_handler_runs_total` | counter | count | - | Runs of handlers |
/// | `http_conditional_handler_runs_saved_total` | counter | count | - | Responses without a run of the handler |
/// | `http_conditional_hashed_bytes_total` | counter | bytes | - | Bytes of content that were hashed for tags |
/// | `http_conditional_untagged_total` | counter | count | `reason` | Responses without a tag from their content |
/// | `http_conditional_source_calls_total` | counter | count | `answer` | Calls of sources of validators |
/// | `http_conditional_source_seconds` | histogram | seconds | - | Time that an exchange spent in its sources |
/// | `http_conditional_unchecked_writes_total` | counter | count | - | Conditional writes without a compare-and-set |
/// | `http_conditional_purges_total` | counter | count | `result` | Purges of caches |
/// | `http_conditional_idempotency_keys_total` | counter | count | `result` | Steps of idempotency keys |
/// | `http_conditional_validator_cache_lookups_total` | counter | count | `result` | Lookups of remembered validators |
/// | `http_conditional_validator_cache_events_total` | counter | count | `event` | Steps of the validator cache |
/// | `http_conditional_range_responses_total` | counter | count | `part` | Responses with parts (206), and refused ranges (416) |
/// | `http_conditional_build_info` | gauge | count | `build` | The running build, which is always 1 |
///
/// # Labels
///
/// Each label is a closed set, so the number of series is bounded. No value is a path, a tag, a key or
/// a user.
///
/// - `route`: the name from [`ObserveLayer::route`](super::ObserveLayer::route), of which there are
///   at most [`max_routes`](super::ObserveLayer::max_routes).
/// - `method`: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`, `QUERY`, `OPTIONS` or `other`.
/// - `outcome`: [`ExchangeResult::as_str`](super::ExchangeResult::as_str).
/// - `estimate`: `known` for the length of the content that the handler had made. `last` is the
///   length of the route's last 200, for a 304 whose handler did not run.
/// - `reason`: an [`UntaggedReason`](crate::outcome::UntaggedReason), such as `no_store`.
/// - `answer`: `present`, `absent`, `unknown` or `failed`, as in
///   [`SourceCalls`](super::SourceCalls).
/// - `result` and `event`: a [`PurgeResult`](super::PurgeResult), a
///   [`KeyEvent`](super::KeyEvent), a [`CacheLookup`](crate::outcome::CacheLookup) or a
///   [`ValidatorEvent`](super::ValidatorEvent), such as `in_progress`.
/// - `part`: `one`, `several`, or `unsatisfiable` for a 416. See
///   [`Outcome::part`](crate::Outcome::part).
/// - `build`: the text that [`build`](Self::build) was called with.
///
/// Series without a route exist from the start with the value 0, so that the first event is an
/// increase. The bytes of a route exist from its first request. Each series of
/// `http_conditional_requests_total` begins with its first request.
///
/// # Limits
///
/// - `http_conditional_source_seconds` has one value for an exchange with calls of a source: the sum
///   of their times.
/// - An exchange counts when its content has ended. A stream of events counts when its client leaves.
/// - Once its series exist, an exchange allocates nothing here. A recorder may allocate for
///   histograms, until a scrape or its upkeep empties them.
#[derive(Clone)]
#[must_use]
pub struct Metrics {
    series: Arc<Series>,
}

impl Metrics {
    /// Creates an observer for the recorder of the process. Install the recorder first: without one,
    /// nothing is counted.
    pub fn new() -> Self {
        Self::with(MetricsRecorder::Installed)
    }

    /// Creates an observer for this recorder, which need not be installed.
    pub fn with_recorder(recorder: impl Recorder + Send + Sync + 'static) -> Self {
        Self::with(MetricsRecorder::Own(Box::new(recorder)))
    }

    fn with(recorder: MetricsRecorder) -> Self {
        Self {
            series: Arc::new(Series::new(recorder)),
        }
    }

    /// Names the running build in `http_conditional_build_info`, so that a change of a rate can be
    /// seen beside the release that caused it. Call it once.
    ///
    /// # Panics
    ///
    /// Panics if the text is empty, since Prometheus drops a label without a value.
    #[track_caller]
    pub fn build(self, id: &str) -> Self {
        assert!(
            !id.is_empty(),
            "the build has no name: use the version or the commit"
        );
        let gauge = (self.series.recorder).gauge(&definition::BUILD_INFO, [id]);
        gauge.set(1.0);
        self
    }

    /// Returns the names of all metrics, for a test of dashboards and rules.
    #[must_use]
    pub fn names() -> impl ExactSizeIterator<Item = &'static str> {
        definition::ALL.iter().map(|metric| metric.name)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Metrics {
    fn exchange(&self, exchange: &Exchange<'_>) {
        let series = &*self.series;
        series.count_on_route(exchange);
        let runs = exchange.handler_runs();
        if runs > 0 {
            series.handler_runs.increment(u64::from(runs));
        } else if exchange.status().is_some() {
            series.handler_runs_saved.increment(1);
        }
        let outcome = exchange.outcome();
        match outcome.tag() {
            Some(TagOrigin::Hashed(bytes)) => series.hashed_bytes.increment(bytes),
            #[cfg(feature = "json")]
            Some(TagOrigin::CanonicalJson(bytes) | TagOrigin::NotCanonical { bytes, .. }) => {
                series.hashed_bytes.increment(bytes);
            }
            Some(TagOrigin::Untouched(reason)) => series.untagged.count(&reason),
            Some(TagOrigin::KnownDigest) | None => {}
        }
        if outcome.is_unchecked() {
            series.unchecked_writes.increment(1);
        }
        if let Some(lookup) = outcome.cache_lookup() {
            series.lookups.count(&lookup);
        }
        if let Some(part) = outcome.part() {
            series.ranges.count(part);
        }
        let calls = exchange.sources();
        if calls.total() > 0 {
            series.count_source_calls(calls);
        }
    }

    fn event(&self, event: &Event<'_>) {
        let series = &*self.series;
        match event {
            Event::Key(event) => series.keys.count(event),
            Event::Validators(event) => series.validator_events.count(event),
            Event::Purge(event) => series.purges.count(&event.result),
            Event::LateHandlerRun => series.handler_runs.increment(1),
            // Counted as an exchange and as a step of the cache.
            Event::UncheckedWrite { .. } | Event::StaleValidator { .. } => {}
        }
    }

    /// Returns `false`: no metric has the time of the handler.
    fn times_handler(&self) -> bool {
        false
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
