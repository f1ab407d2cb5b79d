//! The handles of all series, each made once.

use ::metrics::{Counter, Histogram};

use super::{
    definition::{self, Definition},
    label_sets::{ANSWERS, LabelSet},
    recorder::MetricsRecorder,
    route_series::SeriesOfRoutes,
};
use crate::{
    observe::exchange::{Exchange, KeyEvent, PurgeResult, SourceCalls, ValidatorEvent},
    outcome::{CacheLookup, ServedPart, UntaggedReason},
};

/// A counter for each value of a closed set.
pub(super) struct LabelledCounters(Box<[Counter]>);

impl LabelledCounters {
    fn of<L: LabelSet>(recorder: &MetricsRecorder, metric: &Definition) -> Self {
        Self(recorder.counters(metric, L::LABELS))
    }

    pub(super) fn count(&self, value: &impl LabelSet) {
        self.0[value.label_index()].increment(1);
    }
}

/// All series. Those without a route start at zero, so that a rate sees their first event.
pub(super) struct Series {
    pub(super) recorder: MetricsRecorder,
    routes: SeriesOfRoutes,
    pub(super) handler_runs: Counter,
    pub(super) handler_runs_saved: Counter,
    pub(super) hashed_bytes: Counter,
    pub(super) unchecked_writes: Counter,
    pub(super) untagged: LabelledCounters,
    pub(super) source_calls: Box<[Counter]>,
    pub(super) source_seconds: Histogram,
    pub(super) purges: LabelledCounters,
    pub(super) keys: LabelledCounters,
    pub(super) lookups: LabelledCounters,
    pub(super) validator_events: LabelledCounters,
    pub(super) ranges: LabelledCounters,
}

impl Series {
    pub(super) fn new(recorder: MetricsRecorder) -> Self {
        recorder.describe();
        let r = &recorder;
        Self {
            routes: SeriesOfRoutes::new(),
            handler_runs: r.counter(&definition::HANDLER_RUNS, []),
            handler_runs_saved: r.counter(&definition::HANDLER_RUNS_SAVED, []),
            hashed_bytes: r.counter(&definition::HASHED_BYTES, []),
            unchecked_writes: r.counter(&definition::UNCHECKED_WRITES, []),
            untagged: LabelledCounters::of::<UntaggedReason>(r, &definition::UNTAGGED),
            source_calls: r.counters(&definition::SOURCE_CALLS, ANSWERS),
            source_seconds: r.histogram(&definition::SOURCE_SECONDS),
            purges: LabelledCounters::of::<PurgeResult>(r, &definition::PURGES),
            keys: LabelledCounters::of::<KeyEvent>(r, &definition::KEYS),
            lookups: LabelledCounters::of::<CacheLookup>(r, &definition::LOOKUPS),
            validator_events: LabelledCounters::of::<ValidatorEvent>(
                r,
                &definition::VALIDATOR_EVENTS,
            ),
            ranges: LabelledCounters::of::<ServedPart>(r, &definition::RANGES),
            recorder,
        }
    }

    /// Counts an exchange in the series of its route.
    pub(super) fn count_on_route(&self, exchange: &Exchange<'_>) {
        let series = self.routes.get(&self.recorder, exchange.route());
        series.count(&self.recorder, exchange);
    }

    pub(super) fn count_source_calls(&self, calls: SourceCalls) {
        let SourceCalls {
            present,
            absent,
            unknown,
            failed,
            time,
        } = calls;
        let answers = [present, absent, unknown, failed];
        for (counter, calls) in self.source_calls.iter().zip(answers) {
            if calls > 0 {
                counter.increment(u64::from(calls));
            }
        }
        self.source_seconds.record(time.as_secs_f64());
    }
}
