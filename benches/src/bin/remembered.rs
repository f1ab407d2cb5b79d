//! The time of reads and writes whose validators are remembered, beyond that of the bare service.

use std::{fmt::Debug, hint::black_box, iter, time::Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response,
    header::{COOKIE, HOST, IF_NONE_MATCH},
    request::Parts,
};
use tower::{Layer, Service, ServiceBuilder};
use tower_conditional::{ConditionalLayer, EtagLayer, cache_tags::CacheTags, etag::Xxh3};
use tower_conditional_bench::{
    case::Case,
    contenders::ours::validator_cache,
    drive::{block_on, collect, runtime},
    goals::{self, Goal},
    handler::{Handler, OWN_TAG},
    table,
};

const ROUNDS: usize = 101;
const PER_ROUND: usize = 200;

const BARE: &str = "read: bare";
const HIT: &str = "read: 304";
const HASHED: &str = "read: hashed";
const BARE_WRITE: &str = "write: bare";

/// A contender with its requests.
struct Runner {
    name: &'static str,
    /// The contender that does the same without the layer.
    without: &'static str,
    one_request: Box<dyn FnMut(Request<Body>) -> u16>,
    heads: Box<dyn Iterator<Item = Parts>>,
    best: f64,
}

fn main() {
    // The layer looks for a runtime, as in a server.
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut runners = runners();
    for _ in 0..ROUNDS {
        runners.iter_mut().for_each(Runner::round);
    }
    report(&runners);
}

fn runners() -> [Runner; 12] {
    let handler = || {
        let mut case = Case::one_kib();
        case.own_tag = true;
        Handler::new(&case)
    };
    let outside = || ServiceBuilder::new().layer(ConditionalLayer::new());
    let hashed = || {
        EtagLayer::new()
            .hasher(Xxh3::new())
            .layer(Handler::new(&Case::one_kib()))
    };
    let cached = || validator_cache().layer(handler());
    let tags = || CacheTags::of(["notes", "note-1"]).expect("tags");
    let has = || with(IF_NONE_MATCH, OWN_TAG);
    let other = HeaderValue::from_static("\"a-tag-of-another-one-02\"");
    let cookie = HeaderValue::from_static("session=1");
    [
        Runner::new(BARE, BARE, handler(), same(read())),
        Runner::new(HIT, BARE, cached(), same(has())),
        Runner::new(
            "read: other tag",
            BARE,
            cached(),
            same(with(IF_NONE_MATCH, other)),
        ),
        Runner::new("read: no condition", BARE, cached(), same(read())),
        Runner::new("read: cookie", BARE, cached(), same(with(COOKIE, cookie))),
        Runner::new("read: OPTIONS", BARE, cached(), same(head(Method::OPTIONS))),
        Runner::new("read: first", BARE, cached(), hosts()),
        Runner::new(HASHED, HASHED, outside().service(hashed()), hosts()),
        Runner::new(
            "read: first, hashed and remembered",
            HASHED,
            outside().layer(validator_cache()).service(hashed()),
            hosts(),
        ),
        Runner::new(BARE_WRITE, BARE_WRITE, handler(), same(head(Method::PUT))),
        Runner::new(
            "write: of everything",
            BARE_WRITE,
            cached(),
            same(head(Method::PUT)),
        ),
        Runner::new(
            "write: of two tags",
            BARE_WRITE,
            validator_cache().tags(tags()).layer(handler()),
            same(head(Method::PUT)),
        ),
    ]
}

impl Runner {
    fn new<S, B>(
        name: &'static str,
        without: &'static str,
        mut service: S,
        heads: Box<dyn Iterator<Item = Parts>>,
    ) -> Self
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
            without,
            one_request: Box::new(one_request),
            heads,
            best: f64::INFINITY,
        }
    }

    /// Runs some requests. Their heads are made beforehand, in place of a server.
    fn round(&mut self) {
        let heads = self.heads.by_ref().take(PER_ROUND);
        let requests = heads.map(|head| Request::from_parts(head, Body::empty()));
        let requests: Vec<_> = requests.collect();
        let start = Instant::now();
        for request in requests {
            black_box((self.one_request)(request));
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
    println!(
        "\n### Remembered validators, response of 1 KiB (ns; best of {ROUNDS} interleaved rounds)"
    );
    let rows: Vec<_> = runners
        .iter()
        .map(|runner| {
            let over = runner.best - best(runner.without);
            vec![
                runner.name.to_owned(),
                format!("{:.0}", runner.best),
                format!("{over:+.0}"),
                runner.without.to_owned(),
            ]
        })
        .collect();
    table::print("Validators", &["", "total", "over", "which is"], &rows);
    let what = format!("{HIT} / {BARE}");
    let hit = Goal::at_most(what, 1.2, best(HIT) / best(BARE)).ratio();
    goals::print("Goals, validators", &[hit]);
}

/// Returns the head of a request with this method.
fn head(method: Method) -> Parts {
    let mut head = Case::one_kib().request();
    head.method = method;
    head
}

fn read() -> Parts {
    head(Method::GET)
}

fn with(name: HeaderName, value: HeaderValue) -> Parts {
    let mut head = read();
    head.headers.insert(name, value);
    head
}

fn same(head: Parts) -> Box<dyn Iterator<Item = Parts>> {
    Box::new(iter::repeat(head))
}

/// Returns reads of one host after the other. The host is part of the key, so each is the first.
fn hosts() -> Box<dyn Iterator<Item = Parts>> {
    Box::new((0..).map(|number| {
        let host = format!("{number:08}.test:3000");
        with(HOST, HeaderValue::try_from(host).expect("a value"))
    }))
}
