//! Conditional writes.

use http::{Method, header::IF_MATCH};
use tower::Layer;
use tower_conditional::PreconditionLayer;
use tower_conditional_gate::{CURRENT_TAG, Handler, OTHER_TAG, OneRequest, answers, run, source};

fn main() {
    run(&[
        ("If-Match holds, handed over", || {
            write(200, Handler::new().compares(), CURRENT_TAG)
        }),
        // Here goes what hands nothing over (`check_only`), once it is there.
        ("412", || write(412, Handler::new().compares(), OTHER_TAG)),
    ]);
}

fn write(status: u16, handler: Handler, tag: &'static str) -> OneRequest {
    let service = PreconditionLayer::new(source()).layer(handler);
    answers(status, service, Method::PUT, Some((IF_MATCH, tag)))
}
