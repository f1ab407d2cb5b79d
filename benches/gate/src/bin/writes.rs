//! Conditional writes.

use http::{
    HeaderValue, Method,
    header::{ETAG, IF_MATCH},
};
use tower::Layer;
use tower_conditional::{PreconditionLayer, lock::KeyedLock, source::SelfGet};
use tower_conditional_gate::{
    CURRENT_TAG, EditedAnswer, Handler, OTHER_TAG, OneRequest, answers, run, source,
};

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
        ("If-Match holds, self_get and lock", locked),
        ("412", || write(412, Handler::new().compares(), OTHER_TAG)),
    ]);
}

fn write(status: u16, handler: Handler, tag: &'static str) -> OneRequest {
    let service = PreconditionLayer::new(source()).layer(handler);
    answers(status, service, Method::PUT, Some((IF_MATCH, tag)))
}

/// Returns writes to a handler that cannot compare, which is asked for its tag under a lock.
fn locked() -> OneRequest {
    let reads = EditedAnswer::new(|response| {
        let tag = HeaderValue::from_static(CURRENT_TAG);
        response.headers_mut().insert(ETAG, tag);
    });
    let layer = PreconditionLayer::self_get(SelfGet::of(reads));
    let layer = layer.lock(KeyedLock::new(), |request| {
        Some(request.uri.path().to_owned())
    });
    let put = Some((IF_MATCH, CURRENT_TAG));
    let service = layer.layer(EditedAnswer::new(|_| ()));
    answers(200, service, Method::PUT, put)
}
