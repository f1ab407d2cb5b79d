//! The time of `RangeLayer` beside the bare service: without `Range`, and with one part. And that of
//! the first and the last part of content that can seek.

use std::{convert::Infallible, fmt::Debug, future::ready, hint::black_box, time::Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::RANGE, request::Parts};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use tower_conditional::{RangeLayer, VersionTags, body::ResponseBody, handler::Ranges};
use tower_conditional_bench::{
    case::Case,
    drive::{block_on, collect, runtime},
    goals::{self, Goal},
    handler::Handler,
    table,
};

const ROUNDS: usize = 101;
const PER_ROUND: usize = 400;

/// The length of content that can seek: 64 MiB.
const FILM: u64 = 64 << 20;

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
        B: http_body::Body<Data = Bytes, Error: Debug>,
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
    let film = || service_fn(|request: Request<Body>| ready(Ok::<_, Infallible>(film(&request))));
    let mut contenders = [
        Contender::new("bare, whole", None, handler()),
        Contender::new("RangeLayer, whole", None, layered()),
        Contender::new("RangeLayer, one part", Some("bytes=100-899"), layered()),
        Contender::new("Ranges, first KiB of 64 MiB", Some("bytes=0-1023"), film()),
        Contender::new("Ranges, last KiB of 64 MiB", Some("bytes=-1024"), film()),
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
    let last = contenders[4].best / contenders[3].best;
    goals::print(
        "Goals, ranges",
        &[
            Goal::at_most("no `Range`, over the bare service, ns", 15.0, over),
            Goal::at_most("one part, of the bare 200", 1.15, ratio).ratio(),
            Goal::at_most("last KiB of 64 MiB, of the first", 1.05, last).ratio(),
        ],
    );
}

/// Serves content without the bytes before a part.
fn film(request: &Request<Body>) -> Response<ResponseBody<Full<Bytes>>> {
    static KIB: [u8; 1024] = [7; 1024];
    let tag = VersionTags::of("films", 7).number(3);
    Ranges::of(request).respond(FILM, tag, |range| {
        let length = usize::try_from(range.length()).expect("a part of at most 1 KiB");
        Full::from(Bytes::from_static(&KIB[..length]))
    })
}

fn handler() -> Handler {
    let mut case = Case::one_kib();
    case.own_tag = true;
    Handler::new(&case)
}
