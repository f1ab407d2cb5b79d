//! The events and fields of `Tracing`.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use tracing::{field::Empty, info_span, subscriber::set_default};

use super::{bare, sized, with_fields};
use crate::{
    ConditionalLayer, ObserveLayer, PreconditionLayer,
    clock::tests::set_uptime,
    observe::Tracing,
    stack,
    test_support::{RecordedEvents, knows, read, send, tagged},
};

/// An event has the decision, and none of the values of the request.
#[test]
fn an_exchange_is_an_event_when_it_ends() {
    let events = RecordedEvents::default();
    let _subscribed = set_default(events.clone());
    let conditional = ConditionalLayer::new().source(knows(tagged("7")));
    let observe = ObserveLayer::new(Tracing::new()).route(|_| Some("/notes/{id}"));
    let layer = stack().conditional(conditional).observe_with(observe);
    let exchange = |method: &str, tag: &str| {
        let mut request = with_fields(method, &[("if-none-match", tag)]);
        *request.uri_mut() = "/notes/7?secret".parse().unwrap();
        let body = send(&layer, request, |_| sized(["hello"])).into_body();
        // A 304 has ended with its head.
        let early = events.take();
        assert_eq!(early.is_empty(), !body.is_end_stream());
        read(body);
        let [event] = &[early, events.take()].concat()[..] else {
            panic!("one event");
        };
        // The time of the source differs each time.
        let (before, after) = event.split_once(" source_seconds=").unwrap_or((event, ""));
        let after = after.split_once(' ').map(|(_, after)| format!(" {after}"));
        format!("{before}{}", after.unwrap_or_default())
    };
    assert_eq!(
        exchange("GET", "\"6\""),
        "DEBUG message=an exchange has ended method=GET route=/notes/{id} status=200 \
         outcome=proceeded handler_runs=1 bytes_sent=5 source_calls=2"
    );
    let tail = exchange("GET", "\"7\"");
    assert!(tail.contains("outcome=not_modified handler_runs=0 bytes_sent=0 bytes_saved_last=5"));
    assert!(exchange("BREW", "\"7\"").contains("method=other route="));
}

/// Reads the content of a response, and returns the only event of an exchange.
fn end_of(events: &RecordedEvents, response: Response<impl Body<Data = Bytes>>) -> String {
    read(response.into_body());
    let mut texts = events.take();
    texts.retain(|text| text.contains("an exchange has ended"));
    assert_eq!(texts.len(), 1, "{texts:?}");
    texts.remove(0)
}

/// 412, 428 and 503 are at `info`, up to ten in a second. The others are at `debug`.
#[test]
fn refusals_are_at_info_and_a_storm_of_them_at_debug() {
    let events = RecordedEvents::default();
    let _subscribed = set_default(events.clone());
    let _moved = set_uptime(Duration::from_secs(1));
    let tracing = Arc::new(Tracing::new());
    let required = PreconditionLayer::handler_checks().require();
    let required = stack().precondition(required).observe(Arc::clone(&tracing));
    let fails = crate::source::now(|_| Err::<crate::Current, _>("gone"));
    let fails = stack()
        .precondition(PreconditionLayer::new(fails))
        .observe(tracing);
    let refuse = || end_of(&events, send(&required, bare("PUT"), |_| sized(["hello"])));
    for _ in 0..10 {
        let text = refuse();
        assert!(
            text.starts_with("INFO ") && text.contains("status=428"),
            "{text}"
        );
    }
    for _ in 0..5 {
        assert!(refuse().starts_with("DEBUG "));
    }
    // Each status has a limit of its own.
    let write = with_fields("PUT", &[("if-match", "\"7\"")]);
    let text = end_of(&events, send(&fails, write, |_| sized(["hello"])));
    assert!(
        text.starts_with("INFO ") && text.contains("status=503"),
        "{text}"
    );
    assert!(
        text.contains("outcome=source_failed handler_runs=0"),
        "{text}"
    );
    let _moved = set_uptime(Duration::from_secs(2));
    let text = refuse();
    assert!(
        text.starts_with("INFO ") && text.contains(" suppressed=5 "),
        "{text}"
    );
    assert!(!refuse().contains("suppressed"));
}

/// The fields are recorded on a span that has them, when the response is sent.
#[test]
fn the_result_is_recorded_on_the_span_of_the_request() {
    let events = RecordedEvents::default();
    let _subscribed = set_default(events.clone());
    let conditional = ConditionalLayer::new().source(knows(tagged("7")));
    let layer = stack().conditional(conditional).observe(Tracing::new());
    let request = || with_fields("GET", &[("if-none-match", "\"7\"")]);
    let span = info_span!(
        "request",
        conditional.outcome = Empty,
        conditional.handler_ran = Empty
    );
    let body = span.in_scope(|| send(&layer, request(), |_| sized([])));
    assert_eq!(
        events.take()[..2],
        [
            "SPAN conditional.outcome=not_modified",
            "SPAN conditional.handler_ran=false"
        ]
    );
    drop(body);
    let other = info_span!("request", conditional.handler_ran = Empty);
    other.in_scope(|| read(send(&layer, request(), |_| sized([])).into_body()));
    let texts = events.take();
    assert!(
        texts[0].starts_with("SPAN conditional.handler_ran=false"),
        "{texts:?}"
    );
    read(send(&layer, request(), |_| sized([])).into_body());
    assert!(events.take()[0].starts_with("DEBUG"));
}
