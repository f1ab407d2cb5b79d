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
        ("If-Match holds, check_only", || {
            let layer = PreconditionLayer::new(source()).check_only();
            let put = Some((IF_MATCH, CURRENT_TAG));
            answers(200, layer.layer(Handler::new()), Method::PUT, put)
        }),
        ("412", || write(412, Handler::new().compares(), OTHER_TAG)),
    ]);
}

fn write(status: u16, handler: Handler, tag: &'static str) -> OneRequest {
    let service = PreconditionLayer::new(source()).layer(handler);
    answers(status, service, Method::PUT, Some((IF_MATCH, tag)))
}
