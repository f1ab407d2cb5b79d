//! The time of requests with an `Idempotency-Key`, beyond that of the bare service.

use std::{
    fmt::Debug,
    hint::black_box,
    iter,
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, header, request::Parts};
use tower::{Layer, Service};
use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};
use tower_conditional_bench::{
    case::Case,
    drive::{block_on, collect, runtime},
    goals::{self, Goal},
    handler::Handler,
    table,
};

const ROUNDS: usize = 101;
const PER_ROUND: usize = 200;
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Room for every first run of this program.
const MAX_BYTES: usize = 1 << 30;

const BARE: &str = "bare service";
const NO_KEY: &str = "no key";
const FIRST_RUN: &str = "first run";
const REPLAY: &str = "replay";

/// A contender with its requests.
struct Runner {
    name: &'static str,
    one_request: Box<dyn FnMut(Request<Body>) -> u16>,
    heads: Box<dyn Iterator<Item = Parts>>,
    best: f64,
}

fn main() {
    // The layer looks for a runtime, as in a server.
    let runtime = runtime();
    let _entered = runtime.enter();
    let case = Case::one_kib();
    let handler = || Handler::new(&case);
    let layer = || {
        let store = MemoryIdempotencyStore::new().max_bytes(MAX_BYTES);
        IdempotencyLayer::for_anyone(store).layer(handler())
    };
    let mut runners = [
        Runner::new(BARE, handler(), keyed(iter::repeat(0))),
        Runner::new(NO_KEY, layer(), Box::new(iter::repeat(head()))),
        Runner::new(FIRST_RUN, layer(), keyed(0..)),
        Runner::new(REPLAY, layer(), keyed(iter::repeat(0))),
    ];
    for _ in 0..ROUNDS {
        runners.iter_mut().for_each(Runner::round);
    }
    report(&runners);
}

impl Runner {
    fn new<S, B>(name: &'static str, mut service: S, heads: Box<dyn Iterator<Item = Parts>>) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>, Error: Debug> + 'static,
        B: http_body::Body<Data = Bytes, Error: Debug>,
    {
        let one_request = move |request| {
            let answer = block_on(collect(&mut service, request));
            answer.status().as_u16()
        };
        Self {
            name,
            one_request: Box::new(one_request),
            heads,
            best: f64::INFINITY,
        }
    }

    /// Runs some requests. Their heads and contents are made beforehand, in place of a server.
    fn round(&mut self) {
        let content = Bytes::from(vec![b'x'; 256]);
        let heads: Vec<_> = self.heads.by_ref().take(PER_ROUND).collect();
        let requests = heads.into_iter();
        let requests = requests.map(|head| Request::from_parts(head, Body::from(content.clone())));
        let requests: Vec<_> = requests.collect();
        let start = Instant::now();
        for request in requests {
            assert_eq!(black_box((self.one_request)(request)), 200);
        }
        let time = start.elapsed().as_nanos() as f64 / PER_ROUND as f64;
        self.best = self.best.min(time);
    }
}

fn report(runners: &[Runner]) {
    let best = |name| {
        runners
            .iter()
            .find(|runner| runner.name == name)
            .expect("a runner")
            .best
    };
    let bare = best(BARE);
    println!(
        "\n### Requests with a key, content of 256 B, response of 1 KiB (ns; best of {ROUNDS} interleaved rounds)"
    );
    let rows: Vec<_> = runners
        .iter()
        .map(|runner| {
            let over = runner.best - bare;
            vec![
                runner.name.to_owned(),
                format!("{:.0}", runner.best),
                format!("{over:+.0}"),
            ]
        })
        .collect();
    table::print("Retries", &["", "total", "over bare"], &rows);
    let limit = Duration::from_micros(3).as_nanos() as f64;
    let goal = |name| Goal::at_most(format!("{name}: over bare"), limit, best(name) - bare);
    goals::print("Goals, retries", &[goal(FIRST_RUN), goal(REPLAY)]);
}

/// Returns the head of a request without a key.
fn head() -> Parts {
    let mut head = Case::one_kib().request();
    head.method = Method::POST;
    let json = HeaderValue::from_static("application/json");
    head.headers.insert(header::CONTENT_TYPE, json);
    head
}

/// Returns heads with these keys, as long as a UUID.
fn keyed(numbers: impl Iterator<Item = usize> + 'static) -> Box<dyn Iterator<Item = Parts>> {
    Box::new(numbers.map(|number| {
        let key = format!("\"8e03978e-40d5-43dd-bc93-{number:012}\"");
        let mut head = head();
        head.headers
            .insert(KEY, HeaderValue::try_from(key).expect("a value"));
        head
    }))
}
