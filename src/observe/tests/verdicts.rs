//! The decision that counts if several layers make one.

use std::{
    convert::Infallible,
    future::{Future, pending},
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use http::{HeaderName, HeaderValue, Request, request::Parts};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::{Recorder, bare, sized, with_fields};
use crate::{
    ConditionalLayer, ObserveLayer, PreconditionLayer, StateRefLayer,
    observe::{Exchange, SavedBytes},
    stack,
    test_support::{knows, read, run, tagged},
};

const STATE: HeaderName = HeaderName::from_static("x-notes-ref");

/// A layer on a route answers. The stack around it has no condition to evaluate.
#[test]
fn a_layer_without_conditions_leaves_the_verdict_of_a_layer_inside() {
    let recorder = Recorder::default();
    let source = |_: &Parts| async { Ok::<_, Infallible>(Some(HeaderValue::from(17))) };
    let handler = service_fn(async |_: Request<_>| Ok::<_, Infallible>(sized(["hello"])));
    let layer = stack().observe(recorder.clone());
    let state_ref = layer.layer(StateRefLayer::new(STATE, source).layer(handler));
    for method in ["GET", "POST"] {
        let query = with_fields(method, &[("x-notes-ref", "17")]);
        read(run(state_ref.clone().oneshot(query)).unwrap().into_body());
        let expected = format!("{method} other 304 not_modified sent=0 runs=0");
        assert_eq!(recorder.exchange(), expected);
    }
    let required = PreconditionLayer::new(knows(tagged("7"))).require();
    let layer = stack()
        .precondition(PreconditionLayer::new(knows(tagged("7"))))
        .observe(recorder.clone());
    let service = layer.layer(required.layer(handler));
    read(run(service.oneshot(bare("PUT"))).unwrap().into_body());
    let line = recorder.exchange();
    assert!(
        line.starts_with("PUT other 428 precondition_required"),
        "{line}"
    );
}

/// The decisions about a request that the handler sends are not those of its exchange.
#[test]
fn a_304_that_the_handler_got_is_not_its_own() {
    let recorder = Recorder::default();
    let backend = stack().layer(service_fn(async |_: Request<String>| {
        let mut response = sized(["hello"]);
        let tag = HeaderValue::from_static("\"7\"");
        response.headers_mut().insert("etag", tag);
        Ok::<_, Infallible>(response)
    }));
    let handler = service_fn(move |_: Request<String>| {
        let again = with_fields("GET", &[("if-none-match", "\"7\"")]);
        let backend = backend.clone().oneshot(again);
        async {
            assert_eq!(backend.await?.status(), 304);
            Ok::<_, Infallible>(sized(["hello"]))
        }
    });
    let service = stack().observe(recorder.clone()).layer(handler);
    read(run(service.oneshot(bare("GET"))).unwrap().into_body());
    assert_eq!(
        recorder.exchange(),
        "GET other 200 unconditional sent=5 runs=1"
    );
}

/// No bytes are saved by a 304 that is not sent.
#[test]
fn a_304_that_is_dropped_on_its_way_has_saved_nothing() {
    let saved = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&saved);
    let observer = move |exchange: &Exchange<'_>| {
        lines.lock().unwrap().push(exchange.bytes_saved());
    };
    let handler = service_fn(async |_: Request<String>| {
        let mut response = sized(["hello"]);
        let tag = HeaderValue::from_static("\"7\"");
        response.headers_mut().insert("etag", tag);
        Ok::<_, Infallible>(response)
    });
    let mut service = ConditionalLayer::new().layer(handler);
    let slow = service_fn(move |request| {
        let response = tower::Service::call(&mut service, request);
        async move {
            let response = response.await?;
            assert_eq!(response.status(), 304);
            pending::<()>().await;
            Ok::<_, Infallible>(response)
        }
    });
    let mut service = ObserveLayer::new(observer).layer(slow);
    let again = with_fields("GET", &[("if-none-match", "\"7\"")]);
    let mut response = Box::pin(tower::Service::call(&mut service, again));
    let polled = response
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    drop(response);
    assert_eq!(*saved.lock().unwrap(), [None::<SavedBytes>]);
}
