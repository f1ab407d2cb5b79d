//! The time of `Repr-Digest` beside a tag from SHA-256.

use std::time::Instant;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Request};
use tower::{Layer, util::MapRequest};
use tower_conditional::{EtagLayer, stack};
use tower_conditional_bench::{
    case::{Case, KIB},
    drive::{OneRequest, drive},
    goals::{self, Goal},
    handler::Handler,
    table,
};

const ROUNDS: usize = 501;
const SIZES: [usize; 3] = [KIB, 16 * KIB, 64 * KIB];

const BARE: &str = "bare service";
const TAG: &str = "`stack()`, SHA-256";
const DIGEST: &str = "the same, `repr_digest`";
const SHA512: &str = "the same, `Want-Repr-Digest: sha-512=1`";

struct Runner {
    name: &'static str,
    one_request: OneRequest,
    best: f64,
}

fn main() {
    let times = SIZES.map(measured);
    let rows: Vec<_> = (1..times[0].len())
        .map(|at| {
            let over = times
                .iter()
                .map(|runners| runners[at].best - runners[0].best);
            let name = times[0][at].name.to_owned();
            [name]
                .into_iter()
                .chain(over.map(|time| format!("{time:.0}")))
                .collect()
        })
        .collect();
    table::print(
        "Digests, nanoseconds over the bare service",
        &["200", "1 KiB", "16 KiB", "64 KiB"],
        &rows,
    );
    let ratio = |runners: &[Runner]| time(runners, DIGEST) / time(runners, TAG);
    let goal = Goal::at_most(
        "64 KiB: a digest beside a tag / the tag",
        1.05,
        ratio(&times[2]),
    );
    goals::print("Goals, digests", &[goal.ratio()]);
}

fn time(runners: &[Runner], name: &str) -> f64 {
    let runner = runners.iter().find(|runner| runner.name == name);
    runner.expect("a runner").best
}

fn measured(size: usize) -> Vec<Runner> {
    let mut case = Case::one_kib();
    case.content = (0..size).map(|at| b' ' + (at % 89) as u8).collect();
    let handler = || Handler::new(&case);
    let digests = || {
        stack()
            .etag(EtagLayer::new().repr_digest())
            .layer(handler())
    };
    let wants = |mut request: Request<Body>| {
        let name = HeaderName::from_static("want-repr-digest");
        let value = HeaderValue::from_static("sha-512=1");
        request.headers_mut().insert(name, value);
        request
    };
    let mut runners = [
        (BARE, drive(handler(), &case)),
        (TAG, drive(stack().layer(handler()), &case)),
        (DIGEST, drive(digests(), &case)),
        (SHA512, drive(MapRequest::new(digests(), wants), &case)),
    ]
    .map(|(name, one_request)| Runner {
        name,
        one_request,
        best: f64::INFINITY,
    });
    let each_round = if size > KIB { 10 } else { 500 };
    for _ in 0..ROUNDS {
        for runner in &mut runners {
            let start = Instant::now();
            for _ in 0..each_round {
                (runner.one_request)().check(&case);
            }
            let time = start.elapsed().as_nanos() as f64 / f64::from(each_round);
            runner.best = runner.best.min(time);
        }
    }
    runners.into()
}
