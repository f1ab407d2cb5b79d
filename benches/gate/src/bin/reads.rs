//! Reads with known validators: from a source, before the handler runs, or from the handler itself.

use http::{
    Method,
    header::{ETAG, IF_NONE_MATCH},
};
use tower::Layer;
use tower_conditional::ConditionalLayer;
use tower_conditional_gate::{CURRENT_TAG, Handler, OTHER_TAG, OneRequest, answers, run, source};

fn main() {
    run(&[
        ("source: 304", || sourced(304, Some(CURRENT_TAG))),
        ("source: other tag", || sourced(200, Some(OTHER_TAG))),
        ("source: no condition", || sourced(200, None)),
        ("source: other tag, unconfirmed", || {
            let layer = ConditionalLayer::new().source(source());
            let service = layer.without_confirmation().layer(Handler::new());
            answers(200, service, Method::GET, Some((IF_NONE_MATCH, OTHER_TAG)))
        }),
        ("handler's own tag: 304", || {
            let handler = Handler::new().with(ETAG, CURRENT_TAG);
            let service = ConditionalLayer::new().layer(handler);
            answers(
                304,
                service,
                Method::GET,
                Some((IF_NONE_MATCH, CURRENT_TAG)),
            )
        }),
    ]);
}

fn sourced(status: u16, tag: Option<&'static str>) -> OneRequest {
    let service = ConditionalLayer::new()
        .source(source())
        .layer(Handler::new());
    answers(
        status,
        service,
        Method::GET,
        tag.map(|tag| (IF_NONE_MATCH, tag)),
    )
}
