//! Parts of 1 KiB in memory.

use http::{
    Method,
    header::{ETAG, RANGE},
};
use tower::Layer;
use tower_conditional::{RangeLayer, stack};
use tower_conditional_gate::{CURRENT_TAG, Handler, OneRequest, answers, run};

fn main() {
    run(&[
        ("range: part", || one(206, "bytes=100-199")),
        ("range: behind the end", || one(416, "bytes=2000-")),
        ("range: other unit", || one(200, "lines=1-2")),
        ("stack, range: part", || {
            let service = stack().ranges(RangeLayer::new()).layer(handler());
            answers(206, service, Method::GET, Some((RANGE, "bytes=100-199")))
        }),
    ]);
}

fn one(status: u16, range: &str) -> OneRequest {
    let service = RangeLayer::new().layer(handler());
    answers(status, service, Method::GET, Some((RANGE, range)))
}

fn handler() -> Handler {
    Handler::new().with(ETAG, CURRENT_TAG)
}
