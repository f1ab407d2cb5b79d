//! The names, kinds, units and labels of all metrics.

use ::metrics::Unit;

/// A row of the table in the docs of [`Metrics`](super::Metrics).
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) kind: MetricKind,
    pub(super) unit: Unit,
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// The metrics in the order of the docs.
pub(super) static ALL: [&Definition; 16] = [
    &REQUESTS,
    &BYTES_SENT,
    &BYTES_SAVED,
    &HANDLER_RUNS,
    &HANDLER_RUNS_SAVED,
    &HASHED_BYTES,
    &UNTAGGED,
    &SOURCE_CALLS,
    &SOURCE_SECONDS,
    &UNCHECKED_WRITES,
    &PURGES,
    &KEYS,
    &LOOKUPS,
    &VALIDATOR_EVENTS,
    &RANGES,
    &BUILD_INFO,
];

pub(super) static REQUESTS: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_requests_total",
    Unit::Count,
    &["route", "method", "outcome"],
    "Requests by the decision of the layers",
);

pub(super) static BYTES_SENT: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_bytes_sent_total",
    Unit::Bytes,
    &["route"],
    "Bytes of content that were read from the service",
);

pub(super) static BYTES_SAVED: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_bytes_saved_total",
    Unit::Bytes,
    &["route", "estimate"],
    "Bytes of content that 304s saved",
);

pub(super) static HANDLER_RUNS: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_handler_runs_total",
    Unit::Count,
    &[],
    "Runs of handlers",
);

pub(super) static HANDLER_RUNS_SAVED: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_handler_runs_saved_total",
    Unit::Count,
    &[],
    "Responses without a run of the handler",
);

pub(super) static HASHED_BYTES: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_hashed_bytes_total",
    Unit::Bytes,
    &[],
    "Bytes of content that were hashed for tags",
);

pub(super) static UNTAGGED: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_untagged_total",
    Unit::Count,
    &["reason"],
    "Responses without a tag from their content",
);

pub(super) static SOURCE_CALLS: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_source_calls_total",
    Unit::Count,
    &["answer"],
    "Calls of sources of validators",
);

pub(super) static SOURCE_SECONDS: Definition = Definition::new(
    MetricKind::Histogram,
    "http_conditional_source_seconds",
    Unit::Seconds,
    &[],
    "Time that an exchange spent in its sources",
);

pub(super) static UNCHECKED_WRITES: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_unchecked_writes_total",
    Unit::Count,
    &[],
    "Conditional writes without a compare-and-set",
);

pub(super) static PURGES: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_purges_total",
    Unit::Count,
    &["result"],
    "Purges of caches",
);

pub(super) static KEYS: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_idempotency_keys_total",
    Unit::Count,
    &["result"],
    "Steps of idempotency keys",
);

pub(super) static LOOKUPS: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_validator_cache_lookups_total",
    Unit::Count,
    &["result"],
    "Lookups of remembered validators",
);

pub(super) static VALIDATOR_EVENTS: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_validator_cache_events_total",
    Unit::Count,
    &["event"],
    "Steps of the validator cache",
);

pub(super) static RANGES: Definition = Definition::new(
    MetricKind::Counter,
    "http_conditional_range_responses_total",
    Unit::Count,
    &["part"],
    "Responses with parts (206), and refused ranges (416)",
);

pub(super) static BUILD_INFO: Definition = Definition::new(
    MetricKind::Gauge,
    "http_conditional_build_info",
    Unit::Count,
    &["build"],
    "The running build, which is always 1",
);

impl Definition {
    const fn new(
        kind: MetricKind,
        name: &'static str,
        unit: Unit,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            unit,
            labels,
            help,
        }
    }
}
