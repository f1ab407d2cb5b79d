mod counts;
mod ranges;
mod table;

use std::{collections::BTreeMap, convert::Infallible};

use bytes::Bytes;
use http::{Request, Response, header::ETAG};
use http_body::Body;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tower_layer::Layer;
use tower_service::Service;

use super::Metrics;
use crate::test_support::{Act, Handler, ScriptedBody, Upload, read_unchecked, send};

/// Metrics with a recorder of their own.
pub(super) struct Recorded {
    pub(super) metrics: Metrics,
    handle: PrometheusHandle,
}

impl Recorded {
    pub(super) fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        Self {
            metrics: Metrics::with_recorder(recorder),
            handle,
        }
    }

    pub(super) fn text(&self) -> String {
        self.handle.render()
    }

    /// Returns the series that are not zero, without the prefix of their names.
    pub(super) fn counted(&self) -> BTreeMap<String, f64> {
        let text = self.text();
        let samples = text
            .lines()
            .filter_map(|line| line.strip_prefix("http_conditional_"));
        let samples = samples.map(|line| line.rsplit_once(' ').expect("a name and a value"));
        let samples = samples.map(|(name, value)| (name.to_owned(), value.parse().unwrap()));
        samples.filter(|(_, value)| *value != 0.0).collect()
    }

    /// Panics unless exactly these series are not zero. Times are left out.
    #[track_caller]
    pub(super) fn assert_counted(&self, expected: &[(&str, f64)]) {
        let mut counted = self.counted();
        counted.retain(|name, _| !name.starts_with("source_seconds"));
        let expected = expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value));
        assert_eq!(counted, expected.collect());
    }
}

/// Sends a request, and reads the response as a server does.
pub(super) fn serve<L, F, B>(layer: &L, request: Request<Upload>, respond: F)
where
    L: Layer<Handler<F>>,
    L::Service: Service<Request<Upload>, Response = Response<B>, Error = Infallible>,
    F: FnMut(Request<Upload>) -> Response<ScriptedBody>,
    B: Body<Data = Bytes>,
{
    read_unchecked(send(layer, request, respond).into_body());
}

/// Returns a 200 of five bytes, with `"v1"`.
pub(super) fn hello(_: Request<Upload>) -> Response<ScriptedBody> {
    let mut response = untagged("hello");
    response
        .headers_mut()
        .insert(ETAG, http::HeaderValue::from_static("\"v1\""));
    response
}

/// Returns a 200 with this content.
pub(super) fn untagged(content: &'static str) -> Response<ScriptedBody> {
    Response::new(ScriptedBody::sized([Act::data(content)]))
}
