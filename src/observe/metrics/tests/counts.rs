use http::{HeaderValue, Response, StatusCode, header::CACHE_CONTROL};

use super::{Recorded, hello, serve, untagged};
use crate::{
    ConditionalLayer, EtagLayer,
    cache_tags::CacheTag,
    observe::{
        Event, KeyEvent, Metrics, ObserveLayer, Observer, PurgeEvent, PurgeResult, ValidatorEvent,
    },
    stack,
    test_support::{Act, ScriptedBody, knows, request, tagged},
};

const NOTES: &str = "/notes/{id}";

pub(super) fn on_notes(metrics: &Metrics) -> ObserveLayer {
    ObserveLayer::new(metrics.clone()).route(|_| Some(NOTES))
}

#[test]
fn a_304_counts_the_bytes_that_its_handler_had_made() {
    let recorded = Recorded::new();
    let layer = stack().observe_with(on_notes(&recorded.metrics));
    serve(&layer, request("GET", "/notes/7", []), hello);
    let same = [("if-none-match", "\"v1\"")];
    serve(&layer, request("GET", "/notes/7", same), hello);
    recorded.assert_counted(&[
        (
            "requests_total{route=\"/notes/{id}\",method=\"GET\",outcome=\"unconditional\"}",
            1.0,
        ),
        (
            "requests_total{route=\"/notes/{id}\",method=\"GET\",outcome=\"not_modified\"}",
            1.0,
        ),
        ("bytes_sent_total{route=\"/notes/{id}\"}", 5.0),
        (
            "bytes_saved_total{route=\"/notes/{id}\",estimate=\"known\"}",
            5.0,
        ),
        ("handler_runs_total", 2.0),
        ("untagged_total{reason=\"handler_tag\"}", 2.0),
    ]);
}

#[test]
fn a_304_of_a_source_saves_the_handler_and_estimates_the_bytes() {
    let recorded = Recorded::new();
    let layer = stack()
        .conditional(ConditionalLayer::new().source(knows(tagged("v1"))))
        .observe_with(on_notes(&recorded.metrics));
    serve(&layer, request("GET", "/notes/7", []), hello);
    for _ in 0..3 {
        let same = [("if-none-match", "\"v1\"")];
        serve(&layer, request("GET", "/notes/7", same), |_| {
            panic!("it runs")
        });
    }
    let counted = recorded.counted();
    let saved = "bytes_saved_total{route=\"/notes/{id}\",estimate=\"last\"}";
    assert_eq!(counted[saved], 15.0);
    assert_eq!(counted["handler_runs_total"], 1.0);
    assert_eq!(counted["handler_runs_saved_total"], 3.0);
    let calls = counted["source_calls_total{answer=\"present\"}"];
    assert!(calls >= 4.0, "{calls}");
    assert_eq!(counted["source_seconds_count"], 4.0);
}

#[test]
fn hashed_content_and_responses_without_a_tag_are_counted() {
    let recorded = Recorded::new();
    let layer = stack().observe_with(on_notes(&recorded.metrics));
    serve(&layer, request("GET", "/notes/7", []), |_| {
        untagged("seven b")
    });
    serve(&layer, request("GET", "/notes/7", []), |_| {
        let mut response = untagged("secret");
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(CACHE_CONTROL, no_store);
        response
    });
    let counted = recorded.counted();
    assert_eq!(counted["hashed_bytes_total"], 7.0);
    assert_eq!(counted["untagged_total{reason=\"no_store\"}"], 1.0);
}

/// Layers in any order, with the observer around them, report without `explain`.
#[test]
fn layers_that_are_stacked_by_hand_are_counted() {
    use tower::ServiceBuilder;

    let recorded = Recorded::new();
    let layer = ServiceBuilder::new()
        .layer(on_notes(&recorded.metrics))
        .layer(ConditionalLayer::new())
        .layer(EtagLayer::new())
        .into_inner();
    serve(&layer, request("GET", "/notes/7", []), hello);
    let counted = recorded.counted();
    assert_eq!(counted["handler_runs_total"], 1.0);
}

#[test]
fn an_exchange_without_a_response_saves_no_handler() {
    let recorded = Recorded::new();
    let layer = stack()
        .conditional(ConditionalLayer::new().source(knows(tagged("v1"))))
        .observe_with(on_notes(&recorded.metrics));
    let service = tower_layer::Layer::layer(&layer, Never);
    let mut service = service;
    drop(tower_service::Service::call(
        &mut service,
        request("GET", "/notes/7", []),
    ));
    let counted = recorded.counted();
    let requests = "requests_total{route=\"/notes/{id}\",method=\"GET\",outcome=\"cancelled\"}";
    assert_eq!(counted[requests], 1.0);
    assert!(!counted.contains_key("handler_runs_saved_total"));
}

#[test]
fn labels_hold_no_path_tag_key_or_unknown_method() {
    let recorded = Recorded::new();
    let layer = stack().observe(recorded.metrics.clone());
    let fields = [
        ("if-none-match", "\"SECRET-tag\""),
        ("authorization", "Bearer SECRET"),
        ("idempotency-key", "\"SECRET-key\""),
    ];
    for method in ["GET", "PUT", "SECRET"] {
        let request = request(method, "/SECRET/path?token=SECRET", fields);
        serve(&layer, request, |_| {
            let mut response = Response::new(ScriptedBody::sized([Act::data("SECRET")]));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        });
    }
    let text = recorded.text();
    assert!(!text.contains("SECRET"), "{text}");
    assert!(text.contains("route=\"other\",method=\"other\""), "{text}");
}

#[test]
fn each_event_counts_in_its_series() {
    let recorded = Recorded::new();
    let metrics = &recorded.metrics;
    let tag = CacheTag::new("SECRET").unwrap();
    let tags = [&tag];
    let purge = |result| {
        Event::Purge(PurgeEvent {
            result,
            tags: &tags,
            targets: &[],
        })
    };
    metrics.event(&purge(PurgeResult::Done));
    metrics.event(&purge(PurgeResult::Failed));
    metrics.event(&purge(PurgeResult::Failed));
    metrics.event(&Event::Key(KeyEvent::InProgress));
    metrics.event(&Event::Validators(ValidatorEvent::IntentLost));
    metrics.event(&Event::LateHandlerRun);
    recorded.assert_counted(&[
        ("purges_total{result=\"done\"}", 1.0),
        ("purges_total{result=\"failed\"}", 2.0),
        ("idempotency_keys_total{result=\"in_progress\"}", 1.0),
        ("validator_cache_events_total{event=\"intent_lost\"}", 1.0),
        ("handler_runs_total", 1.0),
    ]);
}

#[test]
fn the_build_is_a_gauge_of_one() {
    let recorded = Recorded::new();
    let _ = recorded.metrics.clone().build("2026-11-20");
    recorded.assert_counted(&[("build_info{build=\"2026-11-20\"}", 1.0)]);
}

#[test]
#[should_panic(expected = "the build has no name: use the version or the commit")]
fn a_build_without_a_name_is_refused() {
    let _ = Recorded::new().metrics.build("");
}

#[test]
fn clones_and_layers_share_the_series_of_a_route() {
    let recorded = Recorded::new();
    let (one, two) = (
        stack().observe_with(on_notes(&recorded.metrics)),
        stack().observe_with(on_notes(&recorded.metrics)),
    );
    serve(&one, request("GET", "/notes/7", []), hello);
    serve(&two, request("GET", "/notes/8", []), hello);
    assert_eq!(
        recorded.counted()["bytes_sent_total{route=\"/notes/{id}\"}"],
        10.0
    );
}

/// More routes than lists of them, from several threads.
#[test]
fn each_route_has_its_own_series() {
    const ROUTES: usize = 300;
    const THREADS: usize = 3;
    let recorded = Recorded::new();
    let layer = ObserveLayer::new(recorded.metrics.clone())
        .max_routes(ROUTES)
        .route(|request| Some(request.uri.path()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for route in 0..ROUTES {
                    serve(&layer, request("GET", &format!("/{route}"), []), hello);
                }
            });
        }
    });
    let counted = recorded.counted();
    for route in 0..ROUTES {
        let sent = counted[&format!("bytes_sent_total{{route=\"/{route}\"}}")];
        assert_eq!(sent, (5 * THREADS) as f64, "{route}");
    }
}

/// Without a recorder of its own, it is that of the process, or of the thread.
#[test]
fn the_installed_recorder_is_the_default() {
    use metrics_exporter_prometheus::PrometheusBuilder;

    let recorder = PrometheusBuilder::new().build_recorder();
    ::metrics::with_local_recorder(&recorder, || {
        let layer = stack().observe_with(on_notes(&Metrics::new()));
        serve(&layer, request("GET", "/notes/7", []), hello);
    });
    let text = recorder.handle().render();
    assert!(
        text.contains("http_conditional_handler_runs_total 1"),
        "{text}"
    );
}

/// A service that never responds.
#[derive(Clone)]
struct Never;

impl<B> tower_service::Service<http::Request<B>> for Never {
    type Response = Response<ScriptedBody>;
    type Error = std::convert::Infallible;
    type Future = std::future::Pending<Result<Self::Response, Self::Error>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<B>) -> Self::Future {
        std::future::pending()
    }
}
