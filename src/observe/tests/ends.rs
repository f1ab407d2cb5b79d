//! The ends of an exchange other than that of its content, and the observers.

use std::{
    convert::Infallible,
    future::pending,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use http::Response;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::{Recorder, bare, sized, streamed, with_fields};
use crate::{
    ObserveLayer,
    observe::{Event, Exchange, Observer, SavedBytes},
    stack,
    test_support::{Act, ScriptedBody, read, run, send},
};

#[test]
fn an_error_of_the_service_is_an_end() {
    let recorder = Recorder::default();
    let handler = service_fn(async |_| Err::<Response<ScriptedBody>, _>("broken"));
    let service = stack().observe(recorder.clone()).layer(handler);
    assert_eq!(run(service.oneshot(bare("GET"))).unwrap_err(), "broken");
    assert_eq!(recorder.take(), ["GET other 0 service_error sent=0 runs=1"]);
}

/// P-OB-once
#[test]
fn a_request_that_is_dropped_before_its_response_is_cancelled() {
    let recorder = Recorder::default();
    let handler = service_fn(async |_| {
        pending::<()>().await;
        Ok::<_, Infallible>(sized(["hello"]))
    });
    let service = stack().observe(recorder.clone()).layer(handler);
    for polls in 0..3 {
        let mut response = Box::pin(service.clone().oneshot(bare("GET")));
        for _ in 0..polls {
            let polled = response
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
        }
        assert_eq!(recorder.take(), [""; 0]);
        drop(response);
        // Without a poll, `oneshot` has called no service.
        let expected = ["GET other 0 cancelled sent=0 runs=1"];
        assert_eq!(recorder.take(), expected[..polls.min(1)]);
    }
}

#[test]
fn a_call_that_is_never_polled_is_cancelled() {
    let recorder = Recorder::default();
    let handler = service_fn(async |_| Ok::<_, Infallible>(sized(["hello"])));
    let mut service = stack().observe(recorder.clone()).layer(handler);
    drop(tower::Service::call(&mut service, bare("GET")));
    assert_eq!(
        recorder.take(),
        ["GET other 0 cancelled sent=0 runs=1"],
        "the handler was called"
    );
}

/// A 304 whose handler ran, with the bytes that it saved.
#[test]
fn a_304_is_reported_with_its_saved_bytes() {
    let recorder = Recorder::default();
    let saved = Arc::new(Mutex::new(Vec::new()));
    let each = Arc::clone(&saved);
    // A panic of an observer is caught, so that it cannot assert anything.
    let keep = move |exchange: &Exchange<'_>| each.lock().unwrap().push(exchange.bytes_saved());
    let layer = stack().observe((recorder.clone(), keep));
    let full = send(&layer, bare("GET"), |_| sized(["hello"]));
    let tag = full.headers()["etag"].to_str().unwrap().to_owned();
    read(full.into_body());
    let lines = [
        "head 200 unconditional",
        "GET other 200 unconditional sent=5 runs=1",
    ];
    assert_eq!(recorder.take(), lines);
    let again = with_fields("GET", &[("if-none-match", &tag)]);
    read(send(&layer, again, |_| sized(["hello"])).into_body());
    let lines = [
        "head 304 not_modified",
        "GET other 304 not_modified sent=0 runs=1",
    ];
    assert_eq!(recorder.take(), lines);
    assert_eq!(*saved.lock().unwrap(), [None, Some(SavedBytes::Known(5))]);
}

/// An observer that panics each time.
struct PanickingObserver;

impl Observer for PanickingObserver {
    fn exchange(&self, _: &Exchange<'_>) {
        panic!("exchange");
    }

    fn head(&self, _: &Exchange<'_>) {
        panic!("head");
    }

    fn event(&self, _: &Event<'_>) {
        panic!("event");
    }
}

/// P-OB-harmless: the other observer of a tuple is told all the same.
#[test]
fn an_observer_that_panics_harms_no_response() {
    let recorder = Recorder::default();
    let observers = (
        (recorder.clone(), PanickingObserver),
        (PanickingObserver, recorder.clone()),
    );
    let layer = stack().precondition(crate::PreconditionLayer::handler_checks());
    let layer = layer.observe(observers);
    let write = with_fields("PUT", &[("if-match", "\"7\"")]);
    let response = send(&layer, write, |_| {
        streamed([Act::data("he"), Act::data("llo")])
    });
    assert_eq!(response.status(), 200);
    assert_eq!(read(response.into_body()).len(), 2);
    let lines = recorder.take();
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert!(lines[0].starts_with("event UncheckedWrite") && lines[0] == lines[1]);
    assert_eq!(lines[2..4], ["head 200 proceeded"; 2]);
    assert_eq!(lines[4..], ["PUT other 200 proceeded sent=5 runs=1"; 2]);
}

/// A panic of the observer in a drop during another panic would end the process.
#[test]
fn an_observer_that_panics_during_a_panic_is_caught() {
    let handler = service_fn(async |_| -> Result<Response<ScriptedBody>, Infallible> {
        panic!("the handler");
    });
    let service = ObserveLayer::new(PanickingObserver).layer(handler);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run(pin!(service.oneshot(bare("GET"))))
    }));
    assert_eq!(
        *caught.unwrap_err().downcast::<&str>().unwrap(),
        "the handler"
    );
}
