//! The time of `RangeLayer` beside the bare service: without `Range`, and with one part.

use std::{fmt::Debug, hint::black_box, time::Instant};

use axum::body::Body;
use http::{HeaderValue, Request, Response, header::RANGE, request::Parts};
use tower::{Layer, Service};
use tower_conditional::RangeLayer;
use tower_conditional_bench::{
    case::Case,
    drive::{block_on, collect, runtime},
    goals::{self, Goal},
    handler::Handler,
    table,
};

const ROUNDS: usize = 101;
const PER_ROUND: usize = 400;

/// A contender, which is called with the same request each time.
struct Contender {
    name: &'static str,
    head: Parts,
    one_request: Box<dyn FnMut(Request<Body>) -> u16>,
    best: f64,
}

impl Contender {
    fn new<S, B>(name: &'static str, range: Option<&'static str>, mut service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>, Error: Debug> + 'static,
        B: http_body::Body<Data = bytes::Bytes, Error: Debug>,
    {
        let mut head = Case::one_kib().request();
        if let Some(range) = range {
            head.headers.insert(RANGE, HeaderValue::from_static(range));
        }
        let one_request = move |request| {
            let answer = block_on(collect(&mut service, request));
            answer.status().as_u16()
        };
        Self {
            name,
            head,
            one_request: Box::new(one_request),
            best: f64::INFINITY,
        }
    }

    fn round(&mut self) {
        let requests =
            (0..PER_ROUND).map(|_| Request::from_parts(self.head.clone(), Body::empty()));
        let requests: Vec<_> = requests.collect();
        let start = Instant::now();
        for request in requests {
            black_box((self.one_request)(request));
        }
        let time = start.elapsed().as_nanos() as f64 / PER_ROUND as f64;
        self.best = self.best.min(time);
    }
}

fn main() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let layered = || RangeLayer::new().layer(handler());
    let mut contenders = [
        Contender::new("bare, whole", None, handler()),
        Contender::new("RangeLayer, whole", None, layered()),
        Contender::new("RangeLayer, one part", Some("bytes=100-899"), layered()),
    ];
    for _ in 0..ROUNDS {
        contenders.iter_mut().for_each(Contender::round);
    }
    report(&contenders);
}

fn report(contenders: &[Contender]) {
    let bare = contenders[0].best;
    let rows = contenders.iter().map(|contender| {
        vec![
            contender.name.to_owned(),
            format!("{:.0}", contender.best),
            format!("{:+.0}", contender.best - bare),
            format!("{:.2}", contender.best / bare),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let title = format!("Ranges, response of 1 KiB (ns; best of {ROUNDS} interleaved rounds)");
    table::print(&title, &["", "total", "over bare", "ratio"], &rows);
    let over = contenders[1].best - bare;
    let ratio = contenders[2].best / bare;
    goals::print(
        "Goals, ranges",
        &[
            Goal::at_most("no `Range`, over the bare service, ns", 15.0, over),
            Goal::at_most("one part, of the bare 200", 1.15, ratio).ratio(),
        ],
    );
}

fn handler() -> Handler {
    let mut case = Case::one_kib();
    case.own_tag = true;
    Handler::new(&case)
}
