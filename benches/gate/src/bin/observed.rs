//! Observed reads: with nobody to report to, with a closure, and with counters.

use std::sync::{Arc, atomic::AtomicU64};

use http::{
    Method,
    header::{ETAG, IF_NONE_MATCH},
};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tower::Layer;
use tower_conditional::{
    ObserveLayer,
    observe::{Exchange, Metrics, Observer},
    stack,
};
use tower_conditional_gate::{CURRENT_TAG, Handler, OneRequest, answers, run};

fn main() {
    run(&[
        ("observed: bare", || {
            answers(200, handler(), Method::GET, None)
        }),
        ("observed: nobody, 200", || {
            answers(200, stack().layer(handler()), Method::GET, None)
        }),
        ("observed: closure, 200", || {
            observed(200, |_: &Exchange<'_>| {})
        }),
        ("observed: metrics, 200", || observed(200, metrics())),
        ("observed: metrics, 304", || observed(304, metrics())),
    ]);
}

fn handler() -> Handler {
    Handler::new().with(ETAG, CURRENT_TAG)
}

fn observed(status: u16, observer: impl Observer) -> OneRequest {
    let layer = ObserveLayer::new(observer).route(|_| Some("/notes/{id}"));
    let service = stack().observe_with(layer).layer(handler());
    let condition = (status == 304).then_some((IF_NONE_MATCH, CURRENT_TAG));
    answers(status, service, Method::GET, condition)
}

fn metrics() -> Metrics {
    Metrics::with_recorder(Atomics)
}

/// A recorder of counters alone, so that no exporter changes the figures.
struct Atomics;

impl Recorder for Atomics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(AtomicU64::new(0)))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
