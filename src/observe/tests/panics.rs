//! Panics of handlers, layers and bodies.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::{Body, Frame};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::{Recorder, bare, sized};
use crate::{
    ObserveLayer, stack,
    test_support::{Handler, ScriptedBody, read, read_unchecked, run},
};

fn caught<T>(call: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_err()
}

#[test]
fn a_panic_of_the_handler_is_an_end() {
    let recorder = Recorder::default();
    let panics = |_| -> Response<ScriptedBody> { panic!("in the call") };
    let service = stack().observe(recorder.clone()).layer(Handler(panics));
    assert!(caught(|| run(service.oneshot(bare("GET")))));
    assert_eq!(recorder.take(), ["GET other 0 panicked sent=0 runs=1"]);

    let handler = service_fn(async |_| -> Result<Response<ScriptedBody>, Infallible> {
        panic!("in the future")
    });
    let service = stack().observe(recorder.clone()).layer(handler);
    assert!(caught(|| run(service.oneshot(bare("GET")))));
    assert_eq!(recorder.take(), ["GET other 0 panicked sent=0 runs=1"]);
}

/// A layer inside answers with a 500, so the exchange ends as any other.
#[test]
fn a_panic_that_a_layer_inside_catches_is_no_end() {
    let recorder = Recorder::default();
    let panics = service_fn(
        async |_: Request<String>| -> Result<Response<ScriptedBody>, Infallible> {
            panic!("the handler")
        },
    );
    let catching = service_fn(move |request| async move {
        let response = AssertUnwindSafe(panics.oneshot(request))
            .catch_unwind()
            .await;
        response.unwrap_or_else(|_| {
            let mut response = sized(["sorry"]);
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            Ok(response)
        })
    });
    let service = stack().observe(recorder.clone()).layer(catching);
    let response = run(service.oneshot(bare("GET"))).unwrap();
    read(response.into_body());
    let expected = [
        "head 500 unconditional",
        "GET other 500 unconditional sent=5 runs=1",
    ];
    assert_eq!(recorder.take(), expected);
}

/// The scope of the exchange is left after a panic, so the next one has its own.
#[test]
fn a_panic_leaves_no_exchange_behind() {
    let recorder = Recorder::default();
    let layer = stack().observe(recorder.clone());
    let mut runs = 0;
    let handler = move |_| {
        runs += 1;
        assert!(runs > 1, "the first");
        sized(["hello"])
    };
    let mut service = layer.layer(Handler(handler));
    assert!(caught(|| run(tower::Service::call(
        &mut service,
        bare("GET")
    ))));
    // Not observed: it must be recorded nowhere.
    let unobserved = stack().layer(Handler(|_| sized(["hello"])));
    read(run(unobserved.oneshot(bare("GET"))).unwrap().into_body());
    read(
        run(tower::Service::call(&mut service, bare("GET")))
            .unwrap()
            .into_body(),
    );
    assert_eq!(
        recorder.exchanges(),
        [
            "GET other 0 panicked sent=0 runs=1",
            "GET other 200 unconditional sent=5 runs=1"
        ]
    );
}

/// Content that panics after its first frame.
struct PanickingBody(bool);

impl Body for PanickingBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(!self.0, "the content");
        self.0 = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"he")))))
    }
}

#[test]
fn a_panic_of_the_content_is_an_end() {
    let recorder = Recorder::default();
    let handler = Handler(|_: Request<String>| Response::new(PanickingBody(false)));
    let service = ObserveLayer::new(recorder.clone()).layer(handler);
    let response = run(service.oneshot(bare("GET"))).unwrap();
    assert!(caught(|| read_unchecked(response.into_body())));
    assert_eq!(recorder.exchange(), "GET other 200 panicked sent=2 runs=1");
}
