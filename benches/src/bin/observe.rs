//! The time of observed requests, beyond the same stack without an observer, and that of a scrape.

use std::{hint::black_box, time::Instant};

use axum::body::Body;
use http::{Method, Request, header::IF_NONE_MATCH, request::Parts};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tower::Layer;
use tower_conditional::{
    ObserveLayer,
    observe::{Exchange, Metrics, Observer},
    stack,
};
use tower_conditional_bench::{
    case::Case,
    drive::{block_on, collect, runtime},
    goals::{self, Goal},
    handler::{Handler, OWN_TAG},
    runner::Runner,
    table,
};

const ROUNDS: usize = 101;
const PER_ROUND: u32 = 200;

/// The number of series that a scrape shall show.
const SERIES: usize = 500;

/// An observer that does nothing, and for which no clock is read.
struct Nothing;

impl Observer for Nothing {
    fn exchange(&self, _: &Exchange<'_>) {}

    fn times_handler(&self) -> bool {
        false
    }
}

fn main() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let (metrics, _) = recorded();
    let route = |observer: Metrics| ObserveLayer::new(observer).route(|_| Some("/notes/{id}"));
    let mut runners = Vec::new();
    for head in [read(), revalidation()] {
        runners.extend([
            Runner::new("bare", head.clone(), handler()),
            Runner::new("stack", head.clone(), stack().layer(handler())),
            Runner::new(
                "closure",
                head.clone(),
                stack().observe(|_: &Exchange<'_>| {}).layer(handler()),
            ),
            Runner::new(
                "nothing",
                head.clone(),
                stack().observe(Nothing).layer(handler()),
            ),
            Runner::new(
                "metrics",
                head.clone(),
                stack()
                    .observe_with(route(metrics.clone()))
                    .layer(handler()),
            ),
        ]);
    }
    for _ in 0..ROUNDS {
        runners
            .iter_mut()
            .for_each(|runner| runner.round(PER_ROUND));
    }
    report(&runners);
    scrape();
}

fn report(runners: &[Runner]) {
    println!("\n### Observed, response of 1 KiB (ns; best of {ROUNDS} interleaved rounds)");
    let mut goals = Vec::new();
    for (status, runners) in ["200", "304"].into_iter().zip(runners.chunks(5)) {
        let plain = runners[1].best;
        let rows = runners.iter().map(|runner| {
            vec![
                runner.name.to_owned(),
                format!("{:.0}", runner.best),
                format!("{:+.0}", runner.best - plain),
            ]
        });
        table::print(
            status,
            &["", "total", "over stack()"],
            &rows.collect::<Vec<_>>(),
        );
        let over = runners[4].best - plain;
        goals.push(Goal::at_most(
            format!("{status}: metrics over stack(), ns"),
            150.0,
            over,
        ));
    }
    goals::print("Goals, observing", &goals);
}

fn recorded() -> (Metrics, PrometheusHandle) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    (Metrics::with_recorder(recorder), handle)
}

/// Measures a scrape with the series of so many routes.
fn scrape() {
    let (metrics, handle) = recorded();
    let samples = |text: &str| {
        text.lines()
            .filter(|line| line.contains(' ') && !line.starts_with('#'))
            .count()
    };
    let layer = ObserveLayer::new(metrics).route(|request| Some(request.uri.path()));
    let mut service = layer.max_routes(SERIES).layer(handler());
    for route in 0.. {
        let mut head = read();
        head.uri = format!("/{route}").parse().expect("a path");
        block_on(collect(
            &mut service,
            Request::from_parts(head, Body::empty()),
        ));
        if samples(&handle.render()) >= SERIES {
            break;
        }
    }
    let time = || {
        let start = Instant::now();
        black_box(handle.render());
        start.elapsed().as_secs_f64() * 1e3
    };
    let best = (0..ROUNDS).map(|_| time()).fold(f64::INFINITY, f64::min);
    goals::print(
        "Goals, scrape",
        &[Goal::at_most(format!("{SERIES} series, ms"), 2.0, best).ratio()],
    );
}

fn handler() -> Handler {
    let mut case = Case::one_kib();
    case.own_tag = true;
    Handler::new(&case)
}

fn read() -> Parts {
    let mut head = Case::one_kib().request();
    head.method = Method::GET;
    head
}

fn revalidation() -> Parts {
    let mut head = read();
    head.headers.insert(IF_NONE_MATCH, OWN_TAG);
    head
}
