//! Tags from the content. Only XXH3 is counted, since valgrind has no SHA instructions and would
//! count other code.

use http::{Method, header::IF_NONE_MATCH};
use tower::Layer;
use tower_conditional::{EtagLayer, etag::Xxh3, stack};
use tower_conditional_gate::{Handler, OneRequest, answers, run, tag_of};

fn main() {
    run(&[
        ("stack, XXH3: 200", || stacked(200)),
        ("stack, XXH3: 304", || stacked(304)),
    ]);
}

fn stacked(status: u16) -> OneRequest {
    let layer = stack().etag(EtagLayer::new().hasher(Xxh3::new()));
    let current = tag_of(layer.layer(Handler::new()));
    let condition = (status == 304).then_some((IF_NONE_MATCH, &*current));
    answers(status, layer.layer(Handler::new()), Method::GET, condition)
}
