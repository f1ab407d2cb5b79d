//! A cache policy alone, and one that is merged with that of the handler.

use http::{Method, header::CACHE_CONTROL};
use tower::Layer;
use tower_conditional_gate::{Handler, OneRequest, answers, policy, run};

fn main() {
    run(&[
        ("POST: policy", || {
            let service = policy().without_date().layer(Handler::new());
            answers(200, service, Method::POST, None)
        }),
        ("policy, uncontradicted", || get(Handler::new(), false)),
        ("policy, uncontradicted, Date", || get(Handler::new(), true)),
        ("policy, handler's own", || {
            get(
                Handler::new().with(CACHE_CONTROL, "private, max-age=5"),
                false,
            )
        }),
    ]);
}

fn get(handler: Handler, date: bool) -> OneRequest {
    let layer = if date {
        policy()
    } else {
        policy().without_date()
    };
    answers(200, layer.layer(handler), Method::GET, None)
}
