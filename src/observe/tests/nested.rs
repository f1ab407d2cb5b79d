//! Several layers that observe one request, and requests that layers send.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::{Recorder, bare, sized, with_fields};
use crate::{
    ConditionalLayer, ObserveLayer, PreconditionLayer,
    observe::Exchange,
    source::SelfGet,
    stack,
    test_support::{ScriptedBody, knows, read, run, send, tagged},
};

/// Each of two layers reports the exchange once. The outer one has the decisions inside.
#[test]
fn nested_layers_report_an_exchange_each() {
    let (outer, inner) = (Recorder::default(), Recorder::default());
    let conditional = ConditionalLayer::new().source(knows(tagged("7")));
    let layer = stack().conditional(conditional).observe(inner.clone());
    for (tag, status, decision) in [
        ("\"7\"", 304, "not_modified sent=0 runs=0"),
        ("\"6\"", 200, "proceeded sent=5 runs=1"),
    ] {
        let service = layer.layer(service_fn(async |_| Ok::<_, Infallible>(sized(["hello"]))));
        let service = ObserveLayer::new(outer.clone()).layer(service);
        let read_again = with_fields("GET", &[("if-none-match", tag)]);
        let response = run(service.oneshot(read_again)).unwrap();
        assert_eq!(response.status(), status);
        read(response.into_body());
        let expected = format!("GET other {status} {decision}");
        assert_eq!(inner.exchange(), expected);
        assert_eq!(outer.exchange(), expected);
    }
}

fn note<B>(request: &Request<B>) -> Response<ScriptedBody> {
    let mut response = sized([if request.method() == "GET" {
        "seven"
    } else {
        ""
    }]);
    response
        .headers_mut()
        .insert("etag", "\"7\"".parse().unwrap());
    response
}

/// The layer's `GET` of the state runs the handler, and is no exchange. Its verdict is not that of
/// the write.
#[test]
fn the_get_of_a_self_get_is_no_exchange() {
    let recorder = Recorder::default();
    let guard = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
    let layer = stack().precondition(guard).observe(recorder.clone());
    for (tag, line) in [
        ("\"7\"", "PUT other 200 proceeded sent=0 runs=2"),
        ("\"6\"", "PUT other 412 precondition_failed"),
    ] {
        let handler =
            service_fn(async |request: Request<String>| Ok::<_, Infallible>(note(&request)));
        let service = layer.layer(handler);
        let write = with_fields("PUT", &[("if-match", tag), ("if-none-match", "\"other\"")]);
        read(run(service.oneshot(write)).unwrap().into_body());
        let seen = recorder.exchange();
        assert!(seen.starts_with(line), "{seen}");
        assert!(
            seen.ends_with(if tag == "\"6\"" { "runs=1" } else { "runs=2" }),
            "{seen}"
        );
    }
}

/// A layer that observes inside of the `GET` takes it for no exchange either.
#[test]
fn a_self_get_through_a_layer_that_observes_is_no_exchange() {
    let recorder = Recorder::default();
    let inner = ObserveLayer::new(recorder.clone());
    let guard = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
    let handler = service_fn(async |request: Request<String>| Ok::<_, Infallible>(note(&request)));
    let service = stack()
        .precondition(guard)
        .observe(recorder.clone())
        .layer(inner.layer(handler));
    let write = with_fields("PUT", &[("if-match", "\"7\"")]);
    read(run(service.oneshot(write)).unwrap().into_body());
    let mut seen = recorder.exchanges();
    seen.sort();
    assert_eq!(
        seen,
        [
            "PUT other 200 proceeded sent=0 runs=2",
            "PUT other 200 unevaluated sent=0 runs=1",
        ]
    );
}

/// A handler that calls another observed service, as a gateway does.
#[test]
fn a_handler_that_calls_an_observed_service_has_an_exchange_of_its_own() {
    let (outer, inner) = (Recorder::default(), Recorder::default());
    let backend = stack()
        .observe(inner.clone())
        .layer(service_fn(async |_: Request<String>| {
            Ok::<_, Infallible>(sized(["hello"]))
        }));
    let backend = Arc::new(backend);
    let response = send(
        &stack().observe(outer.clone()),
        bare("GET"),
        move |request| run((*backend).clone().oneshot(request)).unwrap(),
    );
    read(response.into_body());
    assert_eq!(
        inner.exchange(),
        "GET other 200 unconditional sent=5 runs=1"
    );
    assert_eq!(
        outer.exchange(),
        "GET other 200 unconditional sent=5 runs=1"
    );
}

/// With `stack` around a router, layers on its routes are inside of the service whose runs are
/// counted.
#[test]
fn a_layer_on_a_route_answers_in_place_of_the_handler() {
    let recorder = Recorder::default();
    let guard = PreconditionLayer::new(knows(tagged("7")));
    let handler = service_fn(async |request: Request<_>| Ok::<_, Infallible>(note(&request)));
    let route = guard.layer(handler);
    let times = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&times);
    let tell = move |exchange: &Exchange<'_>| {
        told.lock().unwrap().push(exchange.handler_time().is_some());
    };
    let service = stack().observe((recorder.clone(), tell)).layer(route);
    for (tag, line) in [
        ("\"7\"", "PUT other 200 proceeded sent=0 runs=1"),
        ("\"6\"", "runs=0"),
    ] {
        let write = with_fields("PUT", &[("if-match", tag)]);
        let response = run(service.clone().oneshot(write)).unwrap();
        read(response.into_body());
        let exchange = recorder.exchange();
        assert!(exchange.contains(line), "{exchange}");
    }
    assert_eq!(*times.lock().unwrap(), [true, false]);
}
