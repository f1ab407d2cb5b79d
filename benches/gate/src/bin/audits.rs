//! The audit, which tests put around a service.

use http::{
    HeaderMap, HeaderValue, Method,
    header::{ETAG, HOST},
};
use tower::Layer;
use tower_conditional::{Audit, AuditLayer};
use tower_conditional_gate::{CURRENT_TAG, Handler, answers, answers_each, run};

/// More than the requests that are counted.
const HOSTS: usize = 1000;

fn main() {
    run(&[
        ("audit: known target", || {
            let service = AuditLayer::new(Audit::new()).layer(handler());
            answers(200, service, Method::GET, None)
        }),
        ("audit: new target", || {
            let service = AuditLayer::new(Audit::new()).layer(handler());
            answers_each(200, service, Method::GET, hosts())
        }),
    ]);
}

fn handler() -> Handler {
    Handler::new().with(ETAG, CURRENT_TAG)
}

/// Returns the headers of each request to another host.
fn hosts() -> impl Iterator<Item = HeaderMap> {
    (0..HOSTS).map(|number| {
        let host = format!("{number:04}.test:3000");
        HeaderMap::from_iter([(HOST, HeaderValue::from_str(&host).expect("a value"))])
    })
}
