//! The time of `RangeLayer` beside the bare service: without `Range`, and with one part. And that of
//! the first and the last part of content that can seek.

use std::{convert::Infallible, future::ready};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::RANGE, request::Parts};
use http_body_util::Full;
use tower::{Layer, service_fn};
use tower_conditional::{RangeLayer, VersionTags, body::ResponseBody, handler::Ranges};
use tower_conditional_bench::{
    case::Case,
    drive::runtime,
    goals::{self, Goal},
    handler::Handler,
    runner::Runner,
    table,
};

const ROUNDS: usize = 101;
const PER_ROUND: u32 = 400;

/// The length of content that can seek: 64 MiB.
const FILM: u64 = 64 << 20;

fn main() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let layered = || RangeLayer::new().layer(handler());
    let film = || service_fn(|request: Request<Body>| ready(Ok::<_, Infallible>(film(&request))));
    let mut runners = [
        Runner::new("bare, whole", head(None), handler()),
        Runner::new("RangeLayer, whole", head(None), layered()),
        Runner::new(
            "RangeLayer, one part",
            head(Some("bytes=100-899")),
            layered(),
        ),
        Runner::new(
            "Ranges, first KiB of 64 MiB",
            head(Some("bytes=0-1023")),
            film(),
        ),
        Runner::new(
            "Ranges, last KiB of 64 MiB",
            head(Some("bytes=-1024")),
            film(),
        ),
    ];
    for _ in 0..ROUNDS {
        runners
            .iter_mut()
            .for_each(|runner| runner.round(PER_ROUND));
    }
    report(&runners);
}

fn report(runners: &[Runner]) {
    let bare = runners[0].best;
    let rows = runners.iter().map(|runner| {
        vec![
            runner.name.to_owned(),
            format!("{:.0}", runner.best),
            format!("{:+.0}", runner.best - bare),
            format!("{:.2}", runner.best / bare),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let title = format!("Ranges, response of 1 KiB (ns; best of {ROUNDS} interleaved rounds)");
    table::print(&title, &["", "total", "over bare", "ratio"], &rows);
    let over = runners[1].best - bare;
    let ratio = runners[2].best / bare;
    let last = runners[4].best / runners[3].best;
    goals::print(
        "Goals, ranges",
        &[
            Goal::at_most("no `Range`, over the bare service, ns", 15.0, over),
            Goal::at_most("one part, of the bare 200", 1.15, ratio).ratio(),
            Goal::at_most("last KiB of 64 MiB, of the first", 1.05, last).ratio(),
        ],
    );
}

fn head(range: Option<&'static str>) -> Parts {
    let mut head = Case::one_kib().request();
    if let Some(range) = range {
        head.headers.insert(RANGE, HeaderValue::from_static(range));
    }
    head
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
