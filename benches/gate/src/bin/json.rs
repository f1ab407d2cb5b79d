//! Tags from the canonical form of JSON, and from the bytes of the same content.

use http::Method;
use tower::Layer;
use tower_conditional::{
    EtagLayer,
    etag::{ContentHasher, Xxh3},
    stack,
};
use tower_conditional_gate::{JsonAnswer, OneRequest, answers, run};

const JSON: &str = "application/json";

fn main() {
    run(&[
        ("JSON: bytes", || stacked(xxh3(), JSON)),
        ("JSON: canonical", || stacked(xxh3().canonical_json(), JSON)),
        ("JSON: canonical, ignored member", || {
            let ignoring = xxh3().ignoring(["/items/*/rating"]);
            stacked(ignoring.expect("a pointer"), JSON)
        }),
        ("text: bytes", || stacked(xxh3(), "text/plain")),
        ("text: canonical JSON", || {
            stacked(xxh3().canonical_json(), "text/plain")
        }),
    ]);
}

fn xxh3() -> EtagLayer<Xxh3> {
    EtagLayer::new().hasher(Xxh3::new())
}

fn stacked<H: ContentHasher>(layer: EtagLayer<H>, content_type: &'static str) -> OneRequest {
    let service = stack().etag(layer).layer(JsonAnswer::new(content_type));
    answers(200, service, Method::GET, None)
}
