//! A cache policy alone, and one that is merged with that of the handler.

use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{CACHE_CONTROL, VARY},
};
use tower::Layer;
use tower_conditional::cache_policy::{CachePolicy, Rule};
use tower_conditional_gate::{EditedAnswer, Handler, OneRequest, answers, policy, run};

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
        ("404 below 100 rules with a header", || below_rules(100)),
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

/// Returns requests to a handler without the resource, whose response has a `Vary` of its own.
fn below_rules(count: usize) -> OneRequest {
    let rules = (0..count).map(|number| {
        let header = HeaderName::try_from(format!("x-condition-{number}")).expect("a name");
        let rule = Rule::new(CachePolicy::no_cache()).content_type(&format!("text/x-{number}"));
        rule.expect("a media type").header(header, |_| true)
    });
    let layer = rules.fold(policy().without_date(), |layer, rule| {
        layer.rule(rule).expect("a valid rule")
    });
    let absent = EditedAnswer::new(|response| {
        *response.status_mut() = StatusCode::NOT_FOUND;
        let vary = HeaderValue::from_static("accept");
        response.headers_mut().insert(VARY, vary);
    });
    let service = layer.layer(absent);
    answers(404, service, Method::GET, None)
}
