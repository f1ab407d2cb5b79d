//! The series of each route, in a table that is read without a lock.

use std::{array, sync::OnceLock};

use ::metrics::Counter;

use super::{
    definition,
    label_sets::{LabelSet, RESULTS, result_index},
    recorder::MetricsRecorder,
};
use crate::observe::exchange::{Exchange, ExchangeResult, METHODS, SavedBytes, method_index};

/// The number of lists of routes. Most layers have fewer routes.
const LISTS: usize = 64;

/// Routes by their names. None is ever removed.
pub(super) struct SeriesOfRoutes([OnceLock<Box<RouteEntry>>; LISTS]);

struct RouteEntry {
    name: Box<str>,
    series: RouteSeries,
    next: OnceLock<Box<Self>>,
}

impl SeriesOfRoutes {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| OnceLock::new()))
    }

    /// Returns the series of a route, which are made at its first exchange.
    pub(super) fn get(&self, recorder: &MetricsRecorder, route: &str) -> &RouteSeries {
        let mut place = &self.0[hash(route) % LISTS];
        loop {
            let entry = place.get_or_init(|| {
                Box::new(RouteEntry {
                    name: route.into(),
                    series: RouteSeries::new(recorder, route),
                    next: OnceLock::new(),
                })
            });
            if *entry.name == *route {
                return &entry.series;
            }
            place = &entry.next;
        }
    }
}

/// Returns a hash of a name (FNV-1a). Clients do not choose the names.
fn hash(name: &str) -> usize {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    // The upper bits depend on all bytes, too.
    (hash ^ (hash >> 16)) as usize
}

/// The series of a route. Those of requests are made at the first use, since most pairs of a method
/// and a result never occur.
pub(super) struct RouteSeries {
    bytes_sent: Counter,
    bytes_saved: Box<[Counter]>,
    requests: [[OnceLock<Counter>; RESULTS]; METHODS.len()],
}

impl RouteSeries {
    fn new(recorder: &MetricsRecorder, route: &str) -> Self {
        let saved = SavedBytes::LABELS.iter();
        let saved =
            saved.map(|estimate| recorder.counter(&definition::BYTES_SAVED, [route, estimate]));
        Self {
            bytes_sent: recorder.counter(&definition::BYTES_SENT, [route]),
            bytes_saved: saved.collect(),
            requests: array::from_fn(|_| array::from_fn(|_| OnceLock::new())),
        }
    }

    pub(super) fn count(&self, recorder: &MetricsRecorder, exchange: &Exchange<'_>) {
        let (method, result) = (method_index(exchange.method()), exchange.result());
        let requests = &self.requests[method][result_index(result)];
        let requests = requests
            .get_or_init(|| request_counter(recorder, exchange.route(), METHODS[method], result));
        requests.increment(1);
        if exchange.bytes_sent() > 0 {
            self.bytes_sent.increment(exchange.bytes_sent());
        }
        if let Some(saved) = exchange.bytes_saved() {
            let (SavedBytes::Known(bytes) | SavedBytes::Last(bytes)) = saved;
            self.bytes_saved[saved.label_index()].increment(bytes);
        }
    }
}

#[cold]
fn request_counter(
    recorder: &MetricsRecorder,
    route: &str,
    method: &str,
    result: ExchangeResult,
) -> Counter {
    recorder.counter(&definition::REQUESTS, [route, method, result.as_str()])
}
