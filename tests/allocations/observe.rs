//! The price of an observer, beyond the same stack without an observer.

use http::{Method, header::ETAG};
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::Layer;
use tower_conditional::{
    ConditionalLayer, EntityTag, Validators,
    observe::{Exchange, Metrics},
    source, stack,
};

use crate::support::{Handler, cost};

const TAG: &str = "\"v1\"";

fn metrics() -> Metrics {
    Metrics::with_recorder(PrometheusBuilder::new().build_recorder())
}

fn handler() -> Handler {
    Handler::new(1024, 1024).with(ETAG, TAG)
}

/// The allocation is the record of the exchange. The recorder makes none once its series exist.
#[test]
fn an_observed_exchange_is_one_allocation() {
    for condition in [None, Some(TAG), Some("\"v0\"")] {
        let get = &Method::GET;
        let plain = cost(stack().layer(handler()), get, condition).count_total;
        let closure = stack().observe(|_: &Exchange<'_>| {}).layer(handler());
        let closure = cost(closure, get, condition).count_total;
        let counted = cost(stack().observe(metrics()).layer(handler()), get, condition);
        assert_eq!(closure, plain + 1, "{condition:?}");
        assert_eq!(counted.count_total, plain + 1, "{condition:?}");
    }
}

/// The recorder keeps no values: those of a histogram are in blocks, which are allocated.
#[test]
fn metrics_of_a_source_allocate_nothing_more() {
    let source = source::now(|_| Validators::from(EntityTag::strong("v1").expect("a tag")));
    let layer = stack().conditional(ConditionalLayer::new().source(source));
    for condition in [None, Some(TAG)] {
        let closure = layer.clone().observe(|_: &Exchange<'_>| {});
        let closure = cost(closure.layer(handler()), &Method::GET, condition);
        let metrics = Metrics::with_recorder(::metrics::NoopRecorder);
        let metrics = layer.clone().observe(metrics).layer(handler());
        let metrics = cost(metrics, &Method::GET, condition);
        assert_eq!(metrics.count_total, closure.count_total, "{condition:?}");
    }
}
